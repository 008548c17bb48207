"""The collector is paused where much is made at once, and goes on afterwards."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

import ddbha
from ddbha.collector import collector_paused


def _break_off_within_two() -> None:
    with collector_paused():
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
        raise ValueError("broken off")


@pytest.fixture(params=[True, False])
def enabled(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether the collector is enabled before any pause."""
    was = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if was else gc.disable)()


def test_pauses_end_as_they_began_also_one_within_another(enabled: bool) -> None:
    with pytest.raises(ValueError, match="broken off"):
        _break_off_within_two()
    assert gc.isenabled() is enabled


def test_pauses_of_threads_last_as_long_as_any_of_them(enabled: bool) -> None:
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        first, second = ExitStack(), ExitStack()
        one.submit(first.enter_context, collector_paused()).result()
        other.submit(second.enter_context, collector_paused()).result()
        one.submit(first.close).result()
        assert not gc.isenabled()
        other.submit(second.close).result()
    assert gc.isenabled() is enabled


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
@pytest.mark.parametrize("here", [True, False], ids=["paused here too", "paused elsewhere"])
def test_a_child_of_a_fork_ends_the_pauses_of_threads_that_it_does_not_have(
    enabled: bool, here: bool
) -> None:
    with ThreadPoolExecutor(1) as other, ExitStack() as pauses, ExitStack() as pauses_here:
        other.submit(pauses.enter_context, collector_paused()).result()
        if here:
            pauses_here.enter_context(collector_paused())
        child = os.fork()
        if child == 0:
            paused = not gc.isenabled()
            pauses_here.close()
            right = paused is (here or not enabled) and gc.isenabled() is enabled
            os._exit(0 if right else 1)
        assert os.waitpid(child, 0)[1] == 0
        pauses_here.close()
        assert not gc.isenabled()
        other.submit(pauses.close).result()
    assert gc.isenabled() is enabled


def test_large_pages_and_files_of_worlds_leave_the_collector_on(tmp_path: Any) -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="many",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for start in range(0, 200, 25):
        puts = [{"PutRequest": {"Item": {"pk": {"N": str(n)}}}} for n in range(start, start + 25)]
        client.batch_write_item(RequestItems={"many": puts})
    assert client.scan(TableName="many")["Count"] == 200
    assert gc.isenabled()
    world.save(tmp_path / "world.ddbha")
    loaded: Any = ddbha.World.load(tmp_path / "world.ddbha").client("dynamodb", region_name="us-east-1")
    assert loaded.scan(TableName="many")["Count"] == 200
    assert gc.isenabled()
