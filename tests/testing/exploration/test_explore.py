"""Schedules of clients of all kinds, and what is told of a failing one."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import boto3
import pytest

import ddbha
from ddbha.errors import UsageError
from ddbha.testing.exploration import FailingSchedule, Trial
from ddbha.testing.exploration.shrinking import shrink
from tests.building import on_demand

TABLE: Any = {"TableName": "orders", **on_demand("id")}
KEY = {"id": {"S": "1"}}


def check(trial: Trial) -> None:
    trial.run()
    client = trial.world.client("dynamodb")
    item = client.get_item(TableName="orders", Key=KEY, ConsistentRead=True)["Item"]
    assert item["n"]["N"] == "2", f"n is {item['n']['N']}"


def prepare(trial: Trial) -> None:
    client = trial.world.client("dynamodb")
    client.create_table(**TABLE)
    client.put_item(TableName="orders", Item={**KEY, "n": {"N": "0"}})


def threads(trial: Trial) -> None:
    def count() -> None:
        # Code under test makes its own clients.
        client = boto3.client("dynamodb", region_name="us-east-1")
        n = int(client.get_item(TableName="orders", Key=KEY, ConsistentRead=True)["Item"]["n"]["N"])
        client.put_item(TableName="orders", Item={**KEY, "n": {"N": str(n + 1)}})

    prepare(trial)
    trial.client("A", count)
    trial.client("B", count)
    check(trial)


def tasks(trial: Trial) -> None:
    aioboto3 = pytest.importorskip("aioboto3", reason="aioboto3 pins an older botocore")

    async def count() -> None:
        async with aioboto3.Session().client("dynamodb", region_name="us-east-1") as client:
            answer = await client.get_item(TableName="orders", Key=KEY, ConsistentRead=True)
            n = int(answer["Item"]["n"]["N"])
            await client.put_item(TableName="orders", Item={**KEY, "n": {"N": str(n + 1)}})

    prepare(trial)
    trial.client("A", count)
    trial.client("B", count)
    check(trial)


@pytest.mark.parametrize("scenario", [threads, tasks])
def test_a_lost_update_of_threads_and_tasks(scenario: Any) -> None:
    with pytest.raises(FailingSchedule) as found:
        ddbha.explore(scenario, seeds=range(30), faults=())
    assert len(found.value.decisions) == 1
    assert f"seeds=[{found.value.seed}]" in str(found.value)
    with pytest.raises(FailingSchedule) as again:
        ddbha.explore(scenario, seeds=[found.value.seed], faults=())
    assert str(again.value) == str(found.value)


def test_generators_change_turns_at_yields_and_have_results() -> None:
    orders = set()

    def scenario(trial: Trial) -> None:
        done: list[str] = []

        def work(name: str) -> Generator[None, None, str]:
            for _ in range(2):
                done.append(name)
                yield
            return name

        clients = [trial.client(name, work, name) for name in "AB"]
        trial.run()
        assert [client.result for client in clients] == ["A", "B"]
        orders.add("".join(done))

    ddbha.explore(scenario, seeds=range(200))
    assert orders == {"AABB", "ABAB", "ABBA", "BAAB", "BABA", "BBAA"}


def test_a_client_that_waits_for_another_is_not_let_run_for_ever() -> None:
    def scenario(trial: Trial) -> None:
        done: list[str] = []

        def wait() -> Generator[None, None, None]:
            while not done:
                yield

        trial.client("A", wait)
        trial.client("B", done.append, "B")
        trial.run()

    ddbha.explore(scenario, seeds=range(10))


def test_the_page_is_complete_in_itself(tmp_path: Any) -> None:
    path = tmp_path / "story.html"
    with pytest.raises(FailingSchedule):
        ddbha.explore(threads, seeds=range(30), faults=(), html=path)
    text = path.read_text(encoding="utf-8")
    assert text.count("DynamoDB us-east-1") == 1
    assert "A reads consistently orders id=1: id=1 n=0" in text
    for fetched in ("src=", "href=", "@import", "url("):
        assert fetched not in text


def test_misuse() -> None:
    with pytest.raises(UsageError, match="There are no faults earthquakes"):
        ddbha.explore(threads, faults=["earthquakes"])  # type: ignore[list-item]
    with pytest.raises(UsageError, match=r"never called trial.run\(\)"):
        ddbha.explore(prepare, seeds=[1])


def test_shrinking_leaves_what_is_needed() -> None:
    tried = []

    def breaks(parts: Any) -> bool:
        tried.append(parts)
        return {3, 17} <= set(parts)

    assert shrink(range(40), breaks, attempts=400) == [3, 17]
    assert len(tried) < 60
