"""Threads on one world: how much more or less eight of them do than one, and how long a call waits."""

from __future__ import annotations

import gc
from collections.abc import Callable
from threading import Barrier, Thread
from time import perf_counter
from typing import Any

from cases import DEFINITION, ITEM, KEY, TABLE
from report import Report

import ddbha

THREADS = 8
#: Milliseconds that no call may wait longer.
LONGEST = 50

Call = Callable[[], Any]


def measure(report: Report, calls: int) -> None:
    """Measure so many puts and gets by one thread, and as many by eight."""
    world = ddbha.World(clock=ddbha.ManualClock())
    clients: list[Any] = [world.client("dynamodb", region_name="us-east-1") for _ in range(THREADS)]
    clients[0].create_table(TableName=TABLE, **DEFINITION)
    _compare(report, "puts", [_put(client, str(n)) for n, client in enumerate(clients)], calls)
    _compare(report, "gets", [_get(client) for client in clients], calls)


def _put(client: Any, name: str) -> Call:
    item = {**ITEM, "sk": {"S": name}}
    return lambda: client.put_item(TableName=TABLE, Item=item)


def _get(client: Any) -> Call:
    return lambda: client.get_item(TableName=TABLE, Key=KEY)


def _compare(report: Report, name: str, each: list[Call], calls: int) -> None:
    one, _ = _run(each[:1], calls)
    all_of_them, wait = _run(each, calls)
    ratio, met = all_of_them / one, "met" if wait * 1000 <= LONGEST else "MISSED"
    report.tell(
        f"{name} of {len(each)} threads on one world: {all_of_them:,.0f}/s, {ratio:.2f} x those of one; "
        f"longest wait {wait * 1000:.1f} ms  {LONGEST} ms: {met}",
        **{
            f"{name}_of_one_thread_a_second": one,
            f"{name}_of_{len(each)}_threads_a_second": all_of_them,
            f"longest_wait_of_{len(each)}_threads_for_{name}": wait * 1000,
        },
    )


def _run(each: list[Call], calls: int) -> tuple[float, float]:
    """How many calls a second threads make together, and how many seconds the longest one took."""
    begin = Barrier(len(each) + 1)
    longest: list[float] = []

    def work(call: Call) -> None:
        most = 0.0
        call()
        begin.wait()
        for _ in range(calls // len(each)):
            began = perf_counter()
            call()
            most = max(most, perf_counter() - began)
        longest.append(most)

    threads = [Thread(target=work, args=[call]) for call in each]
    for thread in threads:
        thread.start()
    gc.disable()
    begin.wait()
    began = perf_counter()
    for thread in threads:
        thread.join()
    seconds = perf_counter() - began
    gc.enable()
    return calls / seconds, max(longest)
