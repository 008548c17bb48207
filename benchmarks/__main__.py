"""The same boto3 calls on ddbha, on moto and on botocore's floor, in one run: `make bench`.

The floor is what botocore itself does for a call whose answer is there at once: validation of the
parameters and the events around the call.  Times are the best of several rounds, in microseconds.
"""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Callable
from time import perf_counter
from typing import Any

import boto3
import moto
from botocore.validate import ParamValidator
from cases import BIG, DEFINITION, ITEM, TABLE, Case, cases, load
from replication import measure as measure_replication
from report import Report, verdict
from starting import measure as measure_starting
from surroundings import measure as measure_surroundings
from threads import measure as measure_threads

import ddbha
from ddbha.boto import internals
from recovery import measure

#: Seconds that one case on one engine may take.
SECONDS = 0.6
#: moto takes minutes to load and copy as many items as ddbha is given.
MANY, MANY_FOR_MOTO = 100_000, 2_000
RESTORED_A_SECOND = 200_000


def main(many: int = MANY, many_for_moto: int = MANY_FOR_MOTO, seconds: float = SECONDS) -> Report:
    """Measure everything and print it."""
    report = Report()
    world = ddbha.World(clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb", region_name="us-east-1")
    load(client, many, lambda table, items: _batches(client, table, items))
    ours = [_time(_call(client, case), seconds) for case in cases()]
    floors = [_time(_floor(client, case), seconds) for case in cases()]
    with moto.mock_aws():
        other: Any = boto3.client(
            "dynamodb", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="s"
        )
        load(other, many_for_moto, lambda table, items: _batches(other, table, items))
        theirs = [_time(_call(other, case), seconds) for case in cases()]

    print(f"{'case':30} {'floor':>8} {'ddbha':>8} {'moto':>9} {'ddbha/floor':>12} {'moto/ddbha':>11}")
    for case, floor, our, their in zip(cases(), floors, ours, theirs, strict=True):
        print(
            f"{case.name:30} {floor:8.1f} {our:8.1f} {their:9.1f} {our / floor:12.2f} {their / our:11.1f}"
            f"  {verdict(our / floor, case.goal, 'x floor')}"
        )
        report.note(case.name, our)
        report.note(f"{case.name}, times the floor", our / floor)
    print(f"The big table has {many} items on ddbha and {many_for_moto} on moto.\n")

    fresh = _time(_new_world, seconds) / 1000
    report.tell(
        f"new world, client, table: {fresh:.2f} ms  {verdict(fresh, 2, 'ms')}", world_milliseconds=fresh
    )
    memory, text = _memory(min(many, 20_000)), len(json.dumps(ITEM))
    report.tell(
        f"memory of an item, three replicas: {memory:.0f} bytes, {memory / text:.2f} x its JSON text of "
        f"{text}  {verdict(memory / text, 4, 'x')}",
        bytes_of_an_item=memory,
    )
    measure_surroundings(report, many, lambda call: _time(call, seconds))
    measure_threads(report, many // 4)
    _print_recovery(many, seconds)
    _print_replication(many, seconds)
    _print_faults(seconds)
    measure_starting(report, runs=7 if seconds else 1, tests=min(many, 3_000))
    return report


def _print_recovery(many: int, seconds: float) -> None:
    found = measure(many, 10 * many, lambda call, share: _time(call, share * seconds))
    for name, rate in (
        ("to a point in time", found.restored_to_a_time),
        ("from a backup", found.restored_from_a_backup),
        ("with an entry of each item in an index", found.restored_with_an_index),
    ):
        met = "met" if rate >= RESTORED_A_SECOND else "MISSED"
        print(f"restore {name}: {rate:,.0f} items/s  {RESTORED_A_SECOND:,} items/s: {met}")
    print(f"backup of {found.backup_items:,} items: {found.backup_milliseconds:.0f} ms")
    print(
        f"put with point-in-time recovery: {found.archived_put:.2f} x the plain one  "
        f"{verdict(found.archived_put, 2, 'x')}"
    )


def _print_replication(many: int, seconds: float) -> None:
    found = measure_replication(many, lambda call: _time(call, seconds))
    print(
        f"put with streams, recovery and three regions, each region: {found.put_of_a_region:.2f} x the "
        f"plain one  {verdict(found.put_of_a_region, 2, 'x')}"
    )
    print(f"{found.drained:,} writes after a cut arrive in {found.drain_seconds:.2f} s")


def _print_faults(seconds: float) -> None:
    """What a put costs once faults, events and throttling have been there, against an untouched world."""
    put = next(case for case in cases() if case.operation == "PutItem")
    times = []
    for touched in (False, True):
        world = ddbha.World(clock=ddbha.ManualClock(), throttling=touched)
        client: Any = world.client("dynamodb", region_name="us-east-1")
        client.create_table(TableName=TABLE, **DEFINITION)
        client.list_tables()
        if touched:
            world.faults.zone_outage("us-east-1a").end()
            world.faults.follower_lag("us-east-1b", seconds=1)
            world.faults.error("ThrottlingException", operation="Scan")
        times.append(_time(_call(client, put), seconds))
    print(
        f"put with faults, lag and throttling on: {times[1] / times[0]:.2f} x that of an untouched world"
    )


def _call(client: Any, case: Case) -> Callable[[], Any]:
    # A copy each time: botocore puts an idempotency token into what it is given.
    call = internals.caller(client)
    return lambda: call(case.operation, dict(case.params))


def _floor(client: Any, case: Case) -> Callable[[], Any]:
    model = client.meta.service_model.operation_model(case.operation)
    events, validator = client.meta.events, ParamValidator()
    emit = internals.emit_api_params(client)

    def call() -> None:
        context: dict[str, Any] = {"client_region": "us-east-1"}
        params = emit(api_params=dict(case.params), operation_model=model, context=context)
        validator.validate(params, model.input_shape).has_errors()
        for moment in ("before-call", "after-call"):
            events.emit_until_response(
                f"{moment}.dynamodb.{case.operation}",
                model=model,
                params=params,
                context=context,
                http_response=None,
            )

    return call


def _time(call: Callable[[], Any], seconds: float) -> float:
    """Microseconds of one call: the best of five rounds that together take about `seconds`."""
    call()
    start = perf_counter()
    call()
    rounds = 5
    number = max(1, int(seconds / rounds / max(perf_counter() - start, 1e-7)))
    best = float("inf")
    gc.disable()
    for _ in range(rounds):
        start = perf_counter()
        for _ in range(number):
            call()
        best = min(best, perf_counter() - start)
    gc.enable()
    return best / number * 1e6


def _batches(client: Any, table: str, items: list[dict[str, Any]]) -> None:
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        client.batch_write_item(RequestItems={table: puts})


def _new_world() -> None:
    client: Any = ddbha.World().client("dynamodb", region_name="us-east-1")
    client.create_table(TableName=TABLE, **DEFINITION)


def _memory(count: int) -> float:
    """Bytes that one stored item takes."""
    client: Any = ddbha.World().client("dynamodb", region_name="us-east-1")
    client.create_table(TableName=BIG, **DEFINITION)
    gc.collect()
    tracemalloc.start()
    for number in range(count):
        client.put_item(TableName=BIG, Item={**ITEM, "sk": {"S": f"order#{number:06}"}})
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / count


if __name__ == "__main__":
    measured = main()
    measured.compare()
    measured.keep()
