"""Programs that know nothing of ddbha run on it, and compute what their data says."""

from __future__ import annotations

import asyncio
import csv
import importlib.util
import math
import runpy
import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from operator import mul
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import boto3
import pytest
import vega_datasets  # type: ignore[import-untyped]
from pynamodb.exceptions import PutError, TransactWriteError

import ddbha
from tests.installed import knows, needs

Example = Callable[[str], ModuleType]
EXAMPLES = Path(__file__).parents[2] / "examples"
#: What clients have to know for a program.
NEWER = {
    "CreateTable.GlobalTableSourceArn": "shared_music",
    "SearchVectors": "recommendations",
    "StartBulkPutItems": "price_list",
}


@pytest.fixture(scope="module")
def example() -> Example:
    """Loads an example from its file, as a user would run it."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module

    return load


def airports() -> list[dict[str, str]]:
    path = Path(vega_datasets.__file__).parent / "_data" / "airports.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("outage", [None, "us-east-1b"])
def test_a_single_table_design_with_real_data(example: Example, outage: str | None) -> None:
    program, rows = example("airports"), airports()
    hubs = {"ATL", "ORD", "DFW", "DEN", "LAX"}
    with ddbha.mock(clock=ddbha.ManualClock()) as world:
        table = program.create_table()
        if outage is not None:
            world.faults.zone_outage(outage)
        program.load(table, rows, hubs)
        assert program.in_city(table, "TX", "Houston") == sorted(
            row["iata"] for row in rows if (row["state"], row["city"]) == ("TX", "Houston")
        )
        denver = next(row for row in rows if row["iata"] == "DEN")
        assert program.by_code(table, "DEN")["name"] == denver["name"]
        assert program.by_code(table, "DEN")["latitude"] == Decimal(denver["latitude"])
        by_city = sorted(
            (f"AIRPORT#{row['city']}#{row['iata']}", row["name"]) for row in rows if row["iata"] in hubs
        )
        assert program.hubs(table) == [name for _, name in by_city]
        assert program.north_of(table, "60") == {
            row["iata"] for row in rows if Decimal(row["latitude"]) > 60
        }
        states = Counter(row["state"] for row in rows)
        assert program.close(table, "DEN") == states["CO"] - 1
        assert table.item_count == len(rows) + len(states) - 1
        world.faults.end_all()
        world.verify()


def test_pynamodb_models_with_indexes_versions_and_transactions(example: Example) -> None:
    program = example("accounts")
    account = program.Account
    with ddbha.mock(clock=ddbha.ManualClock()) as world:
        account.create_table(wait=True)
        with account.batch_write() as batch:
            for number in range(60):
                balance = number * 10
                batch.save(
                    account("ann", f"{number:03}", branch=("north", "south")[number % 2], balance=balance)
                )
        assert account.count("ann") == 60
        assert [a.number for a in account.query("ann", account.number.startswith("00"))] == [
            f"{number:03}" for number in range(10)
        ]
        rich = account.by_branch.query("north", account.balance >= 500)
        assert [int(a.balance) for a in rich] == [500, 520, 540, 560, 580]
        least = account.by_balance.query("ann", scan_index_forward=False, limit=2, page_size=2)
        assert [a.number for a in least] == ["059", "058"]

        first, second = account.get("ann", "010"), account.get("ann", "010")
        first.balance += 1
        first.save()
        second.balance += 1
        with pytest.raises(PutError, match="ConditionalCheckFailedException"):
            second.save()

        program.transfer(account.get("ann", "020"), account.get("ann", "021"), 50)
        assert int(account.get("ann", "020").balance) == 150
        with pytest.raises(TransactWriteError) as refused:
            program.transfer(account.get("ann", "020"), account.get("ann", "021"), 151)
        reasons = [reason and reason.code for reason in refused.value.cancellation_reasons]
        assert reasons == ["ConditionalCheckFailed", None]
        assert program.total(("ann", "020"), ("ann", "021")) == 200 + 210
        # Batches leave versions alone, so these are the first two.
        first.save()
        assert account.get("ann", "010").version == 2
        world.verify()


def test_an_aioboto3_program(example: Example) -> None:
    pytest.importorskip("aioboto3", reason="aioboto3 pins an older botocore")
    with ddbha.mock(clock=ddbha.ManualClock()) as world:
        report: dict[str, Any] = asyncio.run(example("tasks").main(["ann", "bob", "eve"], 20))
        world.verify()
    assert report == {
        "remaining": list(range(20, 1, -1)),
        "finished": 1,
        "refused": ["ConditionalCheckFailedException"] * 3,
        "scanned": 3 * 21,
    }


def test_an_index_with_several_keys_of_each_kind(example: Example) -> None:
    program = example("matches")
    matches = [
        {
            "id": f"{tournament}-{region}-{round_}-{bracket}-{court}",
            **{"tournament": tournament, "region": region, "bracket": bracket},
            **{"round": round_, "court": court, "year": 2026, "player": ("ann", "bob")[court % 2]},
        }
        for tournament in ("spring", "winter")
        for region in ("east", "west")
        for round_ in (1, 2, 10)
        for bracket in ("lower", "upper")
        for court in (9, 10, 11)
    ]
    with ddbha.mock(clock=ddbha.ManualClock()) as world:
        table = program.create_table()
        later = {name: value for name, value in matches[0].items() if name != "court"}
        program.schedule(table, [later, *matches[1:]])

        def expected(wanted: dict[str, Any], least: int, found: list[dict[str, Any]]) -> list[str]:
            chosen = [m for m in found if m.items() >= wanted.items() and m["court"] >= least]
            return [m["id"] for m in sorted(chosen, key=lambda m: (m["round"], m["bracket"], m["court"]))]

        east = {"tournament": "spring", "region": "east", "round": 1}
        assert program.of_round(table, "spring", "east", 1) == expected(east, 0, matches[1:])
        program.give_court(table, matches[0]["id"], 9)
        assert program.of_round(table, "spring", "east", 1) == expected(east, 0, matches)
        upper = {"tournament": "winter", "region": "west", "round": 10, "bracket": "upper"}
        assert program.of_round(table, "winter", "west", 10, "upper", 10) == expected(upper, 10, matches)
        ann = [m for m in matches if m["player"] == "ann"]
        found = program.of_player(table, "ann", 2026)
        order = {m["id"]: (m["tournament"], m["round"]) for m in ann}
        assert sorted(found) == sorted(order)
        assert [order[one] for one in found] == sorted(order.values(), reverse=True)
        assert program.of_player(table, "ann", 2025) == []
        world.verify()


@needs("SearchVectors")
def test_recommendations_by_a_vector_index(example: Example) -> None:
    """The order is that of the cosines, computed here from the same embeddings."""
    program = example("recommendations")
    seeds = Random(2026)
    films = {
        f"film {number}": (
            ("en", "fr")[number % 2],
            1950 + number,
            [seeds.gauss(0, 1) for _ in range(16)],
        )
        for number in range(60)
    }
    with ddbha.mock():
        program.create_table(16)
        for title, (language, released, plot) in films.items():
            program.add(title, language, released, plot)
        found = program.similar("film 8", 5, since=1980)

    def distance(title: str) -> float:
        here, there = films["film 8"][2], films[title][2]
        product: float = sum(map(mul, here, there))
        return 1 - product / (math.hypot(*here) * math.hypot(*there))

    others = [
        title for title, (language, released, _) in films.items() if language == "en" and released >= 1980
    ]
    assert found == sorted(others, key=distance)[:5]


def test_a_provisioned_table_scales_and_is_replicated(example: Example) -> None:
    program = example("scaled_orders")
    with ddbha.mock(clock=ddbha.ManualClock()) as world:
        tables = program.create_table()
        with pytest.raises(tables.exceptions.ClientError, match="AutoScaled"):
            program.replicate(tables)
        scaling = program.scale_writes(5, 100)
        program.replicate(tables)
        for minute in range(4):
            item = {"id": {"S": str(minute)}, "note": {"S": "x" * 300_000}}
            tables.put_item(TableName="orders", Item=item)
            world.clock.advance(minutes=1)
        (activity,) = scaling.describe_scaling_activities(ServiceNamespace="dynamodb")[
            "ScalingActivities"
        ]
    # 293 KB a minute are 4.9 units a second: 70 % of seven.
    assert activity["Description"] == "Setting write capacity units to 7."


@needs("CreateTable.GlobalTableSourceArn")
def test_accounts_share_a_table_until_one_is_not_trusted(example: Example) -> None:
    program = example("shared_music")
    home = program.Place("111122223333", "us-east-2")
    away = program.Place("444455556666", "us-east-1")
    song = {"Artist": {"S": "item_1"}, "SongTitle": {"S": "Song Value 1"}}
    here: Any
    there: Any
    with ddbha.mock(clock=ddbha.ManualClock()) as world:
        here, there = (
            boto3.client(
                "dynamodb",
                region_name=place.region,
                aws_access_key_id=place.account,
                aws_secret_access_key="secret",
            )
            for place in (home, away)
        )
        program.create(here, home, [home, away])
        here.put_item(TableName="MusicTable", Item=song)
        program.join(there, away, home, [home, away])
        there.put_item(TableName="MusicTable", Item={**song, "Year": {"N": "2026"}})
        assert here.get_item(TableName="MusicTable", Key=song)["Item"]["Year"] == {"N": "2026"}
        assert program.replicas(here) == {away.arn: "ACTIVE"}

        world.clock.advance(minutes=1)
        program.keep_apart(there, away)
        assert program.replicas(here) == {away.arn: "REPLICATION_NOT_AUTHORIZED"}
        here.delete_item(TableName="MusicTable", Key=song)
        assert there.get_item(TableName="MusicTable", Key=song)["Item"]["Year"] == {"N": "2026"}
        world.clock.advance(hours=20)
        assert program.replicas(here) == program.replicas(there) == {}
        assert there.scan(TableName="MusicTable")["Count"] == 1
        world.verify()


@needs("StartBulkPutItems")
def test_a_price_list_by_bulk_operations(example: Example) -> None:
    """Of each article the newest price stays, in whatever order the lists come."""
    moto = pytest.importorskip("moto")
    program, chance = example("price_list"), Random(2026)
    lists = [
        [
            program.Price(f"article {number}", chance.randrange(100, 9900), f"2026-11-{day:02}")
            for number in range(1500)
            if chance.random() < 0.7
        ]
        for day in (3, 1, 2)
    ]
    with moto.mock_aws(), ddbha.mock() as world:
        program.set_up()
        for number, prices in enumerate(lists):
            program.upload(f"lists/{number}", prices)
            done = program.load(f"lists/{number}", world.clock.sleep)
            assert done["BulkOperationStatus"] == "COMPLETED"
            assert done["ProcessedItemCount"] == len(prices)
        assert program.load("lists/0", world.clock.sleep)["ProcessedItemCount"] == len(lists[0])
        table = boto3.resource("dynamodb", region_name=program.REGION).Table(program.TABLE)
        items, page = [], table.scan()
        while "LastEvaluatedKey" in page:
            items += page["Items"]
            page = table.scan(ExclusiveStartKey=page["LastEvaluatedKey"])
        items += page["Items"]
        world.verify()

    newest: dict[str, Any] = {}
    for price in sorted((price for prices in lists for price in prices), key=lambda price: price.day):
        newest[price.article] = (price.cents, price.day)
    assert {item["article"]: (item["cents"], item["day"]) for item in items} == newest


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.py")), ids=lambda path: path.stem)
def test_examples_print_what_they_show(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for needed, name in NEWER.items():
        if name == path.stem and not knows(needed):
            pytest.skip(f"clients do not know {needed}")
    if path.stem == "tasks":
        pytest.importorskip("aioboto3", reason="aioboto3 pins an older botocore")
    explored = ddbha.explore

    def quickly(scenario: Any, **options: Any) -> None:
        explored(scenario, seeds=range(60 if scenario.__name__ == "broken" else 3), **options)

    monkeypatch.setattr("ddbha.exploration.explore", quickly)
    runpy.run_path(str(path), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= (1 if path.stem == "recommendations" else 2)
    assert ("breaks with seed" in lines[0]) is (path.parent.name == "explore")
