"""Pages and indexes that go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import ddbha
from ddbha.api.data import queries as queries_module
from ddbha.api.data.targets import Target
from ddbha.expressions.partiql.parser import parsed
from ddbha.followers.secondary_indexes import GlobalIndexFollower
from ddbha.values.image import unpack
from ddbha.verify.invariants import newest_images, same_state
from tests.verify.plants.plant import Effects, Install, answering


def page_that_skips(*, index: bool) -> Install:
    """Every second entry is on no page, although it is stored."""

    def install(patch: pytest.MonkeyPatch, effects: Effects) -> None:
        read = queries_module._Page.read

        def some(self: Any, target: Any, entries: Iterator[Any]) -> Any:
            # Behind its limit a page looks at nothing.
            if index is not (target.index is not None) or self._limit is not None:
                return read(self, target, entries)
            return read(self, target, skipping(self, target, entries))

        def skipping(page: Any, target: Any, entries: Iterator[Any]) -> Iterator[Any]:
            for image in entries:
                if effects.is_turn(2):
                    yield image
                elif page.filter is None or page.filter.holds(unpack(image), page._values):
                    effects.note(page._request.get("ConsistentRead") or _is_current(target))

        patch.setattr(queries_module._Page, "read", some)

    return install


def _is_current(target: Any) -> bool:
    """Whether all replicas show the present, so that a read cannot have seen a past without an item."""
    followers = getattr(target.index, "followers", ())
    return not any(follower.lag or not follower.current for follower in followers) and all(
        replica.up
        and not (replica.lag or partition.cuts or partition.replication.stale_reads)
        and replica.last_sequence == partition.acknowledged_sequence
        for partition in (*target.partitions, *target.table.partitions)
        for replica in partition.replicas
    )


def filter_that_lets_through(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A filter is forgotten."""
    read = queries_module._Page.read

    def unfiltered(self: Any, target: Any, entries: Iterator[Any]) -> Any:
        wanted, self.filter = self.filter, None
        found = read(self, target, entries)
        for item in found.get("Items", ()):
            effects.note(wanted is not None and not wanted.holds(item, self._values))
        return found

    patch.setattr(queries_module._Page, "read", unfiltered)


def page_in_disorder(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """The items of a page come from the last to the first."""
    read = queries_module._Page.read

    def turned(self: Any, target: Any, entries: Iterator[Any]) -> Any:
        found = read(self, target, entries)
        effects.note(len(found.get("Items", ())) > 1)
        return {**found, "Items": found["Items"][::-1]} if "Items" in found else found

    patch.setattr(queries_module._Page, "read", turned)


def page_that_cuts_off(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """The last item of a page that goes on is left out."""
    read = queries_module._Page.read

    def cut(self: Any, target: Any, entries: Iterator[Any]) -> Any:
        found = read(self, target, entries)
        if "LastEvaluatedKey" in found and found.get("Items"):
            effects.note(self._request.get("ConsistentRead") or _is_current(target))
            return {**found, "Items": found["Items"][:-1], "Count": found["Count"] - 1}
        return found

    patch.setattr(queries_module._Page, "read", cut)


def count_that_forgets(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """What is only counted is counted without its filter."""
    read = queries_module._Page.read

    def unfiltered(self: Any, target: Any, entries: Iterator[Any]) -> Any:
        if not self._counts or self.filter is None:
            return read(self, target, entries)
        images = list(entries)
        right = read(self, target, iter(images))
        wanted, self.filter = self.filter, None
        found = read(self, target, iter(images))
        self.filter = wanted
        sure = self._request.get("ConsistentRead") or _is_current(target)
        effects.note(sure and found["Count"] != right["Count"])
        return found

    patch.setattr(queries_module._Page, "read", unfiltered)


def page_that_looked_at_more(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A page says that it looked at one item more than it did."""
    read = queries_module._Page.read

    def more(self: Any, target: Any, entries: Iterator[Any]) -> Any:
        found = read(self, target, entries)
        if found["ScannedCount"] == self._limit:
            return found
        effects.note(self._request.get("ConsistentRead") or _is_current(target))
        return {**found, "ScannedCount": found["ScannedCount"] + 1}

    patch.setattr(queries_module._Page, "read", more)


def nameless_items_that_differ(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Of items that are shown without their keys the last one looks like the first."""
    read = queries_module._Page.read

    def alike(self: Any, target: Any, entries: Iterator[Any]) -> Any:
        found = read(self, target, entries)
        items = found.get("Items", [])
        if self.projection is None or len(items) < 2:
            return found
        sure = self._request.get("ConsistentRead") or _is_current(target)
        effects.note(sure and items[0] != items[-1])
        return {**found, "Items": [*items[:-1], items[0]]}

    patch.setattr(queries_module._Page, "read", alike)


def page_of_a_statement_that_cuts_off(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """The last item of a page of a SELECT that goes on is left out."""

    def change(region: Any, request: Any, answer: Any) -> Any:
        found = answer(region, request)
        if "NextToken" not in found or not found["Items"]:
            return found
        select: Any = parsed(request["Statement"]).statement
        table = region.table(select.table)
        index = table.global_indexes.get(select.index or "")
        effects.note(_is_current(Target(table, index, table.schema)))
        return {**found, "Items": found["Items"][:-1]}

    answering(patch, "ExecuteStatement", change)


def index_that_skips(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """An index does not take every fourth record in."""
    apply = GlobalIndexFollower.apply

    def some(self: GlobalIndexFollower, record: Any) -> None:
        if not effects.is_turn(4):
            apply(self, record)

    patch.setattr(GlobalIndexFollower, "apply", some)
    effects.at_end.append(_indexes_differ)


def _indexes_differ(world: ddbha.World) -> bool:
    table = world.table("tab")
    index = table.global_indexes["by-n"]
    index.catch_up(world.clock.time())
    items = newest_images(table.partitions)
    entries = {(*index.schema.key(unpack(i)), k): i for k, i in items.items() if index.entry(i)}
    found = newest_images(index.partitions)
    return entries.keys() != found.keys() or any(
        not same_state(image, found[key]) for key, image in entries.items()
    )
