"""What is around calls: HTTP, exploration, first order after writes, files, expiry."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import boto3
from cases import DEFINITION, ITEM, KEY, TABLE
from load import signed
from report import Report

import ddbha

_REGION = "us-east-1"
_NOBODY = {"aws_access_key_id": "a", "aws_secret_access_key": "s", "region_name": _REGION}
#: Who asks over HTTP at once, and how long.
_CLIENTS, _SECONDS = 8, 2
#: The index makes writes slower, and is no part of what is measured here.
_PLAIN = {name: value for name, value in DEFINITION.items() if name != "GlobalSecondaryIndexes"}
_PLAIN["AttributeDefinitions"] = DEFINITION["AttributeDefinitions"][:2]


def measure(report: Report, many: int, time: Callable[[Callable[[], Any]], float]) -> None:
    """Measure all of it, with tables of `many` items."""
    _measure_http(report, time)
    schedules = max(3, many // 1000)
    began = perf_counter()
    ddbha.explore(_scenario, seeds=range(schedules), faults=())
    rate = schedules / (perf_counter() - began)
    report.tell(f"explore: {rate:.0f} schedules/s", schedules_a_second=rate)
    _measure_order(report, many)
    _measure_files(report, many)
    _measure_expiry(report, many)


def _world() -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb", region_name=_REGION)
    client.create_table(TableName=TABLE, **_PLAIN)
    return world, client


def _measure_http(report: Report, time: Callable[[Callable[[], Any]], float]) -> None:
    """One client of boto3, most of whose time is botocore's own; then eight that send bytes, at once."""
    world, _ = _world()
    with world.serve() as url:
        client: Any = boto3.client("dynamodb", endpoint_url=url, **_NOBODY)
        put = time(lambda: client.put_item(TableName=TABLE, Item=ITEM))
        get = time(lambda: client.get_item(TableName=TABLE, Key=KEY))
    report.tell(
        f"over HTTP, one client: put {put:.0f}, get {get:.0f}", put_over_HTTP=put, get_over_HTTP=get
    )
    world, _ = _world()
    with world.serve() as url:
        puts = _answers(url, "PutItem", {"TableName": TABLE, "Item": ITEM})
        gets = _answers(url, "GetItem", {"TableName": TABLE, "Key": KEY})
    report.tell(
        f"over HTTP, {_CLIENTS} clients at once: {puts:,.0f} puts/s (goal 16,000), "
        f"{gets:,.0f} gets/s (goal 22,000)",
        puts_over_HTTP_a_second=puts,
        gets_over_HTTP_a_second=gets,
    )


def _answers(url: str, operation: str, params: dict[str, Any]) -> float:
    """Answers a second that a process with many clients gets."""
    address, load = urlsplit(url), str(Path(__file__).with_name("load.py"))
    command = [
        sys.executable,
        load,
        str(address.hostname),
        str(address.port),
        str(_CLIENTS),
        str(_SECONDS),
    ]
    done = subprocess.run(command, input=signed(operation, params), capture_output=True, check=True)
    return float(done.stdout)


def _scenario(trial: Any) -> None:
    client = trial.world.client("dynamodb", region_name=_REGION)
    client.create_table(TableName=TABLE, **_PLAIN)
    for name in ("A", "B"):
        trial.client(name, _put_and_get, client)
    trial.run()


def _put_and_get(client: Any) -> None:
    client.put_item(TableName=TABLE, Item=ITEM)
    client.get_item(TableName=TABLE, Key=KEY)


def _measure_order(report: Report, many: int) -> None:
    """One item collection, written at random positions: all at once, then with queries in between."""
    numbers = list(range(many))
    Random(1).shuffle(numbers)
    query = {
        "TableName": TABLE,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": ITEM["pk"]},
        "Limit": 1,
    }
    _, client = _world()
    _write(client, numbers)
    began = perf_counter()
    for _ in range(20):
        client.query(**query)
    first = (perf_counter() - began) * 1000
    _, client = _world()
    began = perf_counter()
    for start in range(0, many, 25):
        _write(client, numbers[start : start + 25])
        client.query(**query)
    mixed = (perf_counter() - began) * 1e6 / many
    report.tell(
        f"first order of {many:,} new keys of a collection, all replicas: {first:.0f} ms; written with a "
        f"query for 25 items: {mixed:.0f} us an item",
        first_order_milliseconds=first,
        item_written_with_queries=mixed,
    )


def _write(client: Any, numbers: list[int]) -> None:
    for start in range(0, len(numbers), 25):
        items = [{**ITEM, "sk": {"S": f"{n:07}"}} for n in numbers[start : start + 25]]
        client.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": i}} for i in items]})


def _measure_files(report: Report, many: int) -> None:
    world, client = _world()
    _write(client, list(range(many)))
    with TemporaryDirectory() as directory:
        path = Path(directory) / "world.ddbha"
        began = perf_counter()
        world.save(path)
        saved = perf_counter()
        ddbha.World.load(path)
        loaded = perf_counter()
    save, load = (saved - began) * 1000, (loaded - saved) * 1000
    report.tell(
        f"world of {many:,} items: saved in {save:.0f} ms, loaded in {load:.0f} ms",
        save_milliseconds=save,
        load_milliseconds=load,
    )


def _measure_expiry(report: Report, many: int) -> None:
    """Each item in a minute of its own, as far as 36 days have so many."""
    world, client = _world()
    client.update_time_to_live(
        TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    now, minutes = world.clock.time(), 36 * 24 * 60
    for number in range(many):
        expires = {"N": str(int(now + 60 * (1 + number * minutes // many)))}
        client.put_item(TableName=TABLE, Item={**ITEM, "sk": {"S": str(number)}, "expires": expires})
    began = perf_counter()
    world.clock.advance(days=37)
    client.list_tables()
    seconds = perf_counter() - began
    report.tell(f"expiry of {many:,} items over 36 days: {seconds:.2f} s", expiry_seconds=seconds)
