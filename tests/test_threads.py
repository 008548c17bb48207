"""A world among threads: whatever one of them does to it, the others find it whole."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import ddbha
from tests.building import index_on, on_demand


@pytest.fixture(autouse=True)
def threads_that_take_turns_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def run_all(*jobs: Callable[[], Any]) -> None:
    """Run jobs at once; the first exception of any of them is raised."""
    failures: list[BaseException] = []

    def guarded(job: Callable[[], Any]) -> None:
        try:
            job()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def orders(world: ddbha.World) -> Any:
    client = world.client("dynamodb")
    client.create_table(
        TableName="orders",
        **on_demand("pk", more=["kind"]),
        GlobalSecondaryIndexes=[index_on("by-kind", "kind")],
    )
    return client


def writer(world: ddbha.World, number: int, writes: int = 150) -> Callable[[], None]:
    client = world.client("dynamodb")

    def write() -> None:
        for count in range(writes):
            try:
                client.put_item(
                    TableName="orders",
                    Item={"pk": {"S": f"{number}-{count}"}, "kind": {"S": str(count % 3)}},
                )
            except client.exceptions.InternalServerError:
                continue

    return write


def test_faults_come_and_go_while_others_write() -> None:
    world = ddbha.World(seed=1, history=True)
    client = orders(world)

    def faults() -> None:
        zones = ["us-east-1a", "us-east-1b", "us-east-1c"]
        for count in range(60):
            with world.faults.zone_outage(zones[count % 3]):
                world.faults.zone_cut(zones[count % 3], zones[(count + 1) % 3]).end()

    run_all(faults, *(writer(world, number) for number in range(4)))
    world.verify()
    for partition in world.table("orders").partitions:
        assert len({replica.last_sequence for replica in partition.replicas}) == 1
    assert client.scan(TableName="orders")["Count"] == world.table("orders").item_count


def test_partitions_are_split_while_others_write() -> None:
    world = ddbha.World(seed=2)
    orders(world)

    def splits() -> None:
        for _ in range(20):
            table = world.table("orders")
            table.partitions[len(table.partitions) // 2].split()

    run_all(splits, *(writer(world, number) for number in range(3)))
    world.verify()
    assert world.table("orders").item_count == 450


def test_what_a_world_shows_can_be_read_while_others_write() -> None:
    world = ddbha.World(seed=3, history=True)
    orders(world)

    def look() -> None:
        for _ in range(15):
            str(world), str(world.events), list(world.events), str(world.history), list(world.history)
            world.metrics.query("ConsumedWriteCapacityUnits")
            world.metrics.names()
            assert world.table("orders").item_count >= 0
            assert world.table("orders").size >= 0
            world.availability()
            world.verify()

    def happen() -> None:
        for _ in range(100):
            world.faults.clock_skew("us-east-1", seconds=1).end()

    run_all(look, happen, *(writer(world, number, 60) for number in range(2)))


def test_time_goes_forward_whoever_moves_it() -> None:
    clock = ddbha.ManualClock()
    begin = clock.time()

    def advance() -> None:
        for _ in range(500):
            clock.advance(seconds=1)

    run_all(advance, advance, advance, advance)
    assert clock.time() == begin + 2000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_process_may_fork_while_others_write() -> None:
    """The child finds a world that is whole and that nobody holds."""
    world = ddbha.World(seed=4)
    client = orders(world)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            writer(world, 0, 20)()

    def fork() -> None:
        try:
            for _ in range(5):
                child = os.fork()
                if child == 0:
                    status = 1
                    try:
                        client.put_item(TableName="orders", Item={"pk": {"S": "child"}})
                        world.verify()
                        status = 0
                    finally:
                        os._exit(status)
                assert os.waitpid(child, 0)[1] == 0
        finally:
            stop.set()

    run_all(write, fork)
    assert client.get_item(TableName="orders", Key={"pk": {"S": "child"}}).get("Item") is None
