"""Replicas under zone and node outages: the rules of one region's replication."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddbha.capacity.partitioning import new_partitions
from ddbha.clock import ManualClock
from ddbha.errors import InternalServerError, UnknownPlaceError
from ddbha.faults.catalogue import Faults
from ddbha.followers.secondary_indexes import GlobalIndex, IndexProjection, LocalIndex
from ddbha.region.environment import Environment
from ddbha.region.region import Regions
from ddbha.region.table import Table
from ddbha.settings import Settings
from ddbha.values.attribute import Item, canonical_item
from ddbha.values.image import pack, unpack
from ddbha.values.key import KeyAttribute, KeySchema
from ddbha.verify.verification import verify

SCHEMA = KeySchema((KeyAttribute("pk", "S"),), (KeyAttribute("sk", "N"),))
BY_COLOUR = KeySchema((KeyAttribute("colour", "S"),))
BY_RANK = KeySchema((KeyAttribute("pk", "S"),), (KeyAttribute("rank", "N"),))


class Place:
    """A region with one table that has an index of each kind."""

    def __init__(self, seed: int = 0) -> None:
        self.environment = Environment(Settings(), ManualClock(), Random(seed))
        regions = Regions(self.environment)
        self.region = regions.of("123456789012", "us-east-1")
        self.faults = Faults(regions)
        projection = IndexProjection("KEYS_ONLY")
        self.table = Table(
            "orders",
            self.region.table_arn("orders"),
            "id",
            0.0,
            {"pk": "S", "sk": "N"},
            SCHEMA,
            new_partitions(self.region, "orders", 2, {"by-rank": BY_RANK}),
            {"by-rank": LocalIndex("by-rank", BY_RANK, projection, SCHEMA)},
        )
        index = GlobalIndex("by-colour", BY_COLOUR, projection, SCHEMA)
        index.partitions = new_partitions(self.region, "orders/by-colour", 1, {})
        self.table.add_global_index(index)
        self.region.tables["orders"] = self.table

    def put(self, pk: str, sk: int, **more: Any) -> None:
        item: Item = {"pk": {"S": pk}, "sk": {"N": str(sk)}, **more}
        canonical, size = canonical_item(item)
        key = SCHEMA.key(canonical)
        self.table.partition(key).commit(key, pack(canonical, size), 0.0, "us-east-1")

    def delete(self, pk: str, sk: int) -> None:
        key = SCHEMA.key({"pk": {"S": pk}, "sk": {"N": str(sk)}})
        self.table.partition(key).commit(key, None, 0.0, "us-east-1")

    def contents(self) -> dict[tuple[str, int], Item]:
        return {
            (key[1], key[2]): unpack(image)
            for partition in self.table.partitions
            for key, image in partition.available_leader().items.images.items()
        }

    def verify(self) -> None:
        verify([self.region], self.environment.clock.time())


def test_one_zone_lost_and_everything_goes_on() -> None:
    place = Place()
    place.put("a", 1)
    for zone in place.region.zones:
        with place.faults.zone_outage(zone):
            place.put("a", 2, zone={"S": zone})
            assert place.contents()["a", 2]["zone"] == {"S": zone}
        place.verify()
    assert set(place.contents()) == {("a", 1), ("a", 2)}


def test_two_zones_lost_refuses_writes_and_loses_nothing() -> None:
    place = Place()
    place.put("a", 1)
    partition = place.table.partition(SCHEMA.key({"pk": {"S": "a"}, "sk": {"N": "1"}}))
    with place.faults.zone_outage("us-east-1a"), place.faults.zone_outage("us-east-1b"):
        with pytest.raises(InternalServerError):
            place.put("a", 2)
        with pytest.raises(InternalServerError):
            place.contents()
        assert len(partition.reader(0.0).items) == 1
    assert set(place.contents()) == {("a", 1)}
    place.verify()


def test_a_replica_that_missed_more_than_the_log_keeps_is_copied_from_the_leader() -> None:
    place = Place()
    with place.faults.zone_outage("us-east-1c"):
        for number in range(3000):
            place.put("a", number % 50, n={"N": str(number)}, colour={"S": "red"})
    assert place.environment.events.of("replica-recovered-from-copy")
    with place.faults.zone_outage("us-east-1a"):
        assert len(place.contents()) == 50
        place.put("a", 51)
    place.verify()


def test_a_zone_that_cannot_be_is_refused_with_what_can() -> None:
    with pytest.raises(UnknownPlaceError, match="us-east-1a, us-east-1b, us-east-1c"):
        Place().faults.zone_outage("us-east-1z")


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abcdef"), st.integers(0, 5)),
        st.tuples(st.just("delete"), st.sampled_from("abcdef"), st.integers(0, 5)),
        st.tuples(st.just("lose"), st.sampled_from("abc"), st.just(0)),
        st.tuples(st.just("return"), st.sampled_from("abc"), st.just(0)),
    ),
    max_size=60,
)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(_steps, st.integers(0, 5))
def test_acknowledged_writes_survive_any_schedule_of_zone_outages(
    steps: list[tuple[str, str, int]], seed: int
) -> None:
    place = Place(seed)
    model: dict[tuple[str, int], str] = {}
    down: dict[str, Any] = {}
    for count, (step, letter, number) in enumerate(steps):
        try:
            if step == "put":
                colour = {"S": "red" if count % 2 else "blue"}
                place.put(letter, number, n={"N": str(count)}, rank={"N": "1"}, colour=colour)
                model[letter, number] = str(count)
            elif step == "delete":
                place.delete(letter, number)
                model.pop((letter, number), None)
            elif step == "lose" and letter not in down:
                down[letter] = place.faults.zone_outage(f"us-east-1{letter}")
            elif step == "return" and letter in down:
                down.pop(letter).end()
        except InternalServerError:
            assert len(down) >= 2
        else:
            assert len(down) < 2 or step in ("lose", "return")
    place.faults.end_all()
    place.verify()
    assert {key: item["n"]["N"] for key, item in place.contents().items()} == model
