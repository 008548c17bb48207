"""Faults planted in the engine, and worlds in which the checker must find each of them.

A plant says when it had an effect: an answer, a log or a store is another than it would have been.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import Factory, define, frozen

import ddbha
from ddbha.api import registry
from ddbha.api.data import items as items_module
from ddbha.api.data import queries as queries_module
from ddbha.api.data import transactions as transactions_module
from ddbha.api.idempotency import Tokens
from ddbha.errors import (
    AwsError,
    ConditionalCheckFailedException,
    DuplicateItemException,
    InvariantError,
)
from ddbha.expressions import update as update_module
from ddbha.followers import expiry as expiry_module
from ddbha.followers.archive import Archive
from ddbha.followers.expiry import ExpiryFollower
from ddbha.followers.replication import Member
from ddbha.followers.secondary_indexes import GlobalIndexFollower
from ddbha.followers.stream import Shard
from ddbha.recovery.backup import backups_of
from ddbha.region.table import Table
from ddbha.storage.partition import Partition
from ddbha.storage.replica import Replica
from ddbha.values.image import unpack
from ddbha.verify.invariants import contents, newest_images, same_state
from tests.verify.clean_worlds import KINDS

CONDITION_FAILED = (ConditionalCheckFailedException, DuplicateItemException)


@define(eq=False)
class Effects:
    """How often a plant made a difference, and how to tell at the end whether it did."""

    count: int = 0
    turn: int = 0
    at_end: list[Callable[[ddbha.World], bool]] = Factory(list)

    def note(self, happened: object = True) -> None:
        """The plant made a difference, if that `happened`."""
        self.count += bool(happened)

    def is_turn(self, every: int) -> bool:
        """True every so many times."""
        self.turn += 1
        return self.turn % every == 0


Install = Callable[[pytest.MonkeyPatch, Effects], None]


@frozen
class Plant:
    """A fault, and the kind of world that shows it."""

    install: Install
    kind: str = "one_region"

    def had_effect(self, seed: int) -> bool:
        """Whether the fault made a difference in a world; `AssertionError` if it did, and none saw it."""
        effects = Effects()
        with pytest.MonkeyPatch.context() as patch:
            self.install(patch, effects)
            try:
                world = KINDS[self.kind](seed)
            except AssertionError:
                # What the engine asserts itself was seen as well.
                return True
            if not effects.count and not any(differs(world) for differs in effects.at_end):
                return False
            try:
                world.verify()
            except InvariantError:
                return True
        raise AssertionError(f"nobody saw it in the world of seed {seed}")


def answering(patch: pytest.MonkeyPatch, name: str, change: Callable[[Any, Any, Any], Any]) -> None:
    """Let `change` answer an operation, given the region, the request and who answered it before."""
    before = registry.find("dynamodb", name)

    def answer(region: Any, request: Any) -> Any:
        return change(region, request, before)

    patch.setitem(registry._OPERATIONS, ("dynamodb", name), answer)


# -- Replicas and elections -------------------------------------------------------------------------


def early_acknowledgement(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A leader answers before its peers have the record; they get it with the next one."""
    commit = Partition.commit

    def early(self: Partition, *arguments: Any, **named: Any) -> Any:
        leader = self.available_leader()
        peers = [replica for replica in self.replicas if replica is not leader and replica.up]
        for peer in peers:
            if peer.last_sequence > leader.last_sequence:
                # It led, and holds what its followers were never given.
                del peer.log._records[leader.last_sequence - peer.log.dropped_sequence :]
                peer.items, peer.applied_sequence = leader.items.copy(), leader.last_sequence
            elif peer.last_sequence < leader.last_sequence:
                peer.recover_from(leader)
        record = commit(self, *arguments, **named)
        for peer in [] if self.cuts else peers:
            if peer.last_sequence == record.sequence and peer.applied_sequence < record.sequence:
                peer.log._records.pop()
                effects.note()
        return record

    def elect(self: Partition, candidates: list[Replica]) -> None:
        # The engine itself would stop here.
        self.acknowledged_sequence = max(replica.last_sequence for replica in candidates)
        chosen(self, candidates)

    chosen = Partition._elect
    patch.setattr(Partition, "commit", early)
    patch.setattr(Partition, "_elect", elect)


def shortest_log_elected(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """The replica with the fewest records is elected, and its peers are cut to what it has."""
    elect = Partition._elect

    def shortest(self: Partition, candidates: list[Replica]) -> None:
        least = min(self.replicas, key=lambda replica: replica.last_sequence)
        # What an index loses may be written to it again.
        is_table = any(isinstance(follower, GlobalIndexFollower) for follower in self.followers)
        if is_table and least.last_sequence < self.acknowledged_sequence:
            effects.note(contents(least).images != contents(self._leader).images)
            self.acknowledged_sequence = least.last_sequence
            least.apply_all()
            for replica in self.replicas:
                replica.items = least.items.copy()
                replica.log._records[:] = least.log._records
                replica.log.dropped_sequence = least.log.dropped_sequence
                replica.applied_sequence = least.applied_sequence
        elect(self, candidates)

    patch.setattr(Partition, "_elect", shortest)


def replicas_out_of_order(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A replica that is behind applies what it missed from the newest record to the oldest."""

    def catch_up(self: Replica, now: float) -> None:
        for record in reversed(self.log.after(self.applied_sequence)):
            self.apply(record)
        self.applied_sequence = self.log.last_sequence

    patch.setattr(Replica, "catch_up", catch_up)
    effects.at_end.append(_replicas_differ)


def _replicas_differ(world: ddbha.World) -> bool:
    return any(
        contents(replica).images != contents(partition.leader).images
        for region in world.engine.regions
        for table in region.tables.values()
        for partition in table.partitions
        for replica in partition.replicas
        if replica.last_sequence == partition.leader.last_sequence
    )


def split_that_loses(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """The halves of a partition lack its first item."""
    half = Replica.half

    def losing(self: Replica, *arguments: Any) -> Replica:
        result = half(self, *arguments)
        if result.items.images:
            effects.note()
            result.items.replace(min(result.items.images), None)
        return result

    patch.setattr(Replica, "half", losing)


def stale_strong_read(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Every second strongly consistent read is answered with what the last one of the item saw."""
    seen: dict[str, Any] = {}

    def change(region: Any, request: Any, answer: Any) -> Any:
        found = answer(region, request)
        if not request.get("ConsistentRead"):
            return found
        key, item = str(request["Key"]), found.get("Item")
        before = seen.get(key, item)
        seen[key] = _copied(item)
        if not effects.is_turn(2):
            return found
        effects.note(before != item)
        return {} if before is None else {"Item": before}

    answering(patch, "GetItem", change)


# -- Writes -----------------------------------------------------------------------------------------


def condition_that_always_holds(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Conditions are asked for and forgotten."""
    check = items_module.check_condition

    def forget(*arguments: Any) -> None:
        try:
            check(*arguments)
        except AwsError:
            effects.note()

    patch.setattr(items_module, "check_condition", forget)


def condition_that_never_holds(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Every second condition is said to have failed."""
    check = items_module.check_condition
    failed: list[AwsError] = []

    def refuse(*arguments: Any) -> None:
        try:
            check(*arguments)
        except AwsError as error:
            failed.append(error)
            raise
        if effects.is_turn(2):
            raise ConditionalCheckFailedException

    def was_told(world: ddbha.World) -> bool:
        """Answers may be lost."""
        told = [call for call in world.history if isinstance(call.error, CONDITION_FAILED)]
        return len(told) > len(failed)

    patch.setattr(items_module, "check_condition", refuse)
    effects.at_end.append(was_told)


def set_that_keeps(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """DELETE takes nothing from a set."""
    delete = update_module._delete

    def keep(item: Any, path: Any, operand: Any) -> None:
        before = str(item)
        delete(after := _copied(item), path, operand)
        effects.note(str(after) != before)

    patch.setattr(update_module, "_delete", keep)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(member) for name, member in value.items()}
    return list(value) if isinstance(value, list) else value


def count_that_counts_twice(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """An update with ADD is done twice."""

    def change(region: Any, request: Any, answer: Any) -> Any:
        found = answer(region, request)
        if "ADD hits" in request.get("UpdateExpression", "") and effects.is_turn(2):
            answer(region, request)
            effects.note()
        return found

    answering(patch, "UpdateItem", change)


def update_that_forgets(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Every second update is answered, and changes nothing."""
    apply = update_module.Update.apply
    forgotten: list[bool] = []

    def forget(self: Any, item: Any, values: Any) -> Any:
        before = _copied(item)
        after = apply(self, item, values)
        forgotten.append(before != after)
        return before

    def change(region: Any, request: Any, answer: Any) -> Any:
        if effects.is_turn(2):
            return answer(region, request)
        forgotten.clear()
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(update_module.Update, "apply", forget)
            found = answer(region, request)
        effects.note(any(forgotten))
        return found

    answering(patch, "UpdateItem", change)


def put_that_merges(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A put keeps what it does not name."""

    def change(region: Any, request: Any, answer: Any) -> Any:
        table = region.table(request["TableName"])
        key = table.schema.key(request["Item"])
        image = table.partition(key).leader.items.images.get(key)
        old = {} if image is None else unpack(image)
        found = answer(region, {**request, "Item": {**old, **request["Item"]}})
        effects.note(not old.keys() <= request["Item"].keys())
        return found

    answering(patch, "PutItem", change)


def delete_that_does_nothing(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A deletion is answered, and not done."""

    def change(region: Any, request: Any, answer: Any) -> Any:
        table = region.table(request["TableName"])
        key = table.schema.key(request["Key"])
        effects.note(table.partition(key).leader.items.images.get(key))
        return {}

    answering(patch, "DeleteItem", change)


def wrong_old_values(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """ALL_OLD shows what the put left."""

    def change(region: Any, request: Any, answer: Any) -> Any:
        found = answer(region, request)
        if "Attributes" in found:
            effects.note()
            return {**found, "Attributes": request["Item"]}
        return found

    answering(patch, "PutItem", change)


def batch_that_drops(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A batch leaves its last put out, and does not say so."""

    def change(region: Any, request: Any, answer: Any) -> Any:
        ((name, entries),) = request["RequestItems"].items()
        puts = [entry for entry in entries if "PutRequest" in entry]
        found = answer(
            region, {**request, "RequestItems": {name: [e for e in entries if e is not puts[-1]]}}
        )
        effects.note()
        return found

    answering(patch, "BatchWriteItem", change)


def batch_that_denies(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A batch hands an entry back that it has done."""

    def change(region: Any, request: Any, answer: Any) -> Any:
        found = answer(region, request)
        ((name, entries),) = request["RequestItems"].items()
        effects.note()
        return {**found, "UnprocessedItems": {name: [entries[0]]}}

    answering(patch, "BatchWriteItem", change)


def half_a_transaction(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """The last item that a transaction changes is left as it was."""
    commit: Any = transactions_module._commit

    def half(*arguments: Any) -> None:
        *others, written = arguments
        changed = [effect for effect in written if effect.new is not effect.old]
        effects.note(changed)
        commit(*others, [effect for effect in written if effect not in changed[-1:]])

    patch.setattr(transactions_module, "_commit", half)


def token_that_is_ignored(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A transaction that is asked for again is done again."""
    known = Tokens.effects

    def ignore(self: Tokens, *arguments: Any) -> Any:
        effects.note(known(self, *arguments))

    patch.setattr(Tokens, "effects", ignore)


def torn_transaction(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A read of several items shows the first of them as the read before did."""
    last: list[Any] = []

    def change(region: Any, request: Any, answer: Any) -> Any:
        found = answer(region, request)
        before = last.pop() if last else found["Responses"][0]
        last.append(found["Responses"][0])
        effects.note(before != found["Responses"][0])
        return {**found, "Responses": [before, *found["Responses"][1:]]}

    answering(patch, "TransactGetItems", change)


# -- Pages ------------------------------------------------------------------------------------------


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


# -- What follows -----------------------------------------------------------------------------------


def stream_that_repeats(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A shard has every fourth record twice."""
    add = Shard.add

    def twice(self: Shard, record: Any) -> None:
        add(self, record)
        if record.sequence % 4 == 0:
            effects.note()
            self._records.append(record)

    patch.setattr(Shard, "add", twice)


def stream_that_loses(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A shard lacks every fourth record."""
    add = Shard.add

    def some(self: Shard, record: Any) -> None:
        if record.sequence % 4:
            add(self, record)
        else:
            effects.note()

    patch.setattr(Shard, "add", some)


def stream_out_of_order(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A shard has every fourth record before the one that was written before it."""
    add = Shard.add

    def before(self: Shard, record: Any) -> None:
        add(self, record)
        if record.sequence % 4 == 0 and len(self._records) > 1:
            effects.note()
            self._records[-2:] = reversed(self._records[-2:])

    patch.setattr(Shard, "add", before)


def expiry_too_early(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Items expire a thousand seconds before the time that they name."""
    expiry_time, is_expired = expiry_module.expiry_time, ExpiryFollower._is_expired

    def early(image: Any, attribute: str) -> float | None:
        time = expiry_time(image, attribute)
        return None if time is None else time - 1000

    def expired(self: ExpiryFollower, image: Any, now: float) -> bool:
        found, time = is_expired(self, image, now), expiry_time(image, self.expiry.attribute)
        effects.note(found and time is not None and time >= now)
        return found

    patch.setattr(expiry_module, "expiry_time", early)
    patch.setattr(ExpiryFollower, "_is_expired", expired)


def expiry_of_anything(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Once an item is due it expires, whatever it has become since."""
    note, is_expired = ExpiryFollower.note, ExpiryFollower._is_expired

    def stubborn(self: ExpiryFollower, key: Any, image: Any, time: float) -> None:
        if image is None or expiry_module.expiry_time(image, self.expiry.attribute) is not None:
            note(self, key, image, time)

    def expired(self: ExpiryFollower, image: Any, now: float) -> bool:
        effects.note(not is_expired(self, image, now))
        return True

    patch.setattr(ExpiryFollower, "note", stubborn)
    patch.setattr(ExpiryFollower, "_is_expired", expired)


def backup_with_live_references(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A backup shows what is in its table now."""
    pinned: list[tuple[Any, dict[Any, Any]]] = []

    def change(region: Any, request: Any, answer: Any) -> Any:
        found = answer(region, request)
        backup = backups_of(region)[found["BackupDetails"]["BackupArn"]]
        pinned.append((backup, dict(backup.images())))
        backup._parts = [p.leader.items.images for p in region.table(request["TableName"]).partitions]
        return found

    answering(patch, "CreateBackup", change)
    effects.at_end.append(lambda world: any(dict(b.images()) != images for b, images in pinned))


def restore_that_lacks(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A restored table lacks every third item."""
    load = Table.load

    def some(self: Table, images: Any) -> None:
        entries = list(images)
        effects.note(len(entries) > 2)
        load(self, [entry for number, entry in enumerate(entries) if number % 3 != 2])

    patch.setattr(Table, "load", some)


def restore_one_record_off(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """What comes back is from one record earlier than it was asked for."""
    images_at = Archive.images_at

    def earlier(self: Archive, time: float) -> Any:
        times = [record.time for record in self.changes(0, time)]
        found = dict(images_at(self, time))
        other = dict(images_at(self, times[-1] - 0.001)) if times else found
        effects.note(found != other)
        return iter(other.items())

    patch.setattr(Archive, "images_at", earlier)


# -- Regions ----------------------------------------------------------------------------------------


def shipment_that_is_lost(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Every fourth write does not arrive in the other region."""
    receive = Member.receive

    def some(self: Member, shipment: Any, time: float) -> None:
        if not effects.is_turn(4):
            receive(self, shipment, time)

    patch.setattr(Member, "receive", some)
    effects.at_end.append(_regions_differ)


def _regions_differ(world: ddbha.World) -> bool:
    found = [newest_images(world.table("tab", region=r).partitions) for r in ("us-east-1", "eu-west-1")]
    return any(
        not same_state(found[0].get(key), found[1].get(key)) for key in found[0].keys() | found[1].keys()
    )


def last_writer_loses(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Of two writes that do not know of each other the earlier one wins."""
    receive = Member.receive

    def turned(self: Member, shipment: Any, time: float) -> None:
        known, version = self.versions.get(shipment.key), shipment.version
        if known is None or known.stamp == version.stamp or known.stamp <= version.base:
            receive(self, shipment, time)
        elif version.stamp < known.stamp and known.base < version.stamp:
            self.versions[shipment.key] = version
            partition = self.partitions.of(shipment.key)
            if shipment.new is not None or shipment.key in partition.leader.items.images:
                effects.note()
                origin = version.stamp.region
                partition.commit(shipment.key, shipment.new, time, origin, None, version)

    patch.setattr(Member, "receive", turned)


def region_wins(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Of two writes that do not know of each other that of us-east-1 wins, whichever is later."""
    receive = Member.receive

    def choose(self: Member, shipment: Any, time: float) -> None:
        known, version = self.versions.get(shipment.key), shipment.version
        ours = known is not None and known.stamp.region == "us-east-1" and known.stamp > version.base
        if not (ours and version.stamp.region != "us-east-1"):
            receive(self, shipment, time)

    patch.setattr(Member, "receive", choose)
    effects.at_end.append(_regions_differ)


#: Every fault by its name.
PLANTS: dict[str, Plant] = {
    "early acknowledgement": Plant(early_acknowledgement, "failing_zones"),
    "shortest log elected": Plant(shortest_log_elected, "failing_zones"),
    "replicas out of order": Plant(replicas_out_of_order),
    "split that loses": Plant(split_that_loses),
    "stale strong read": Plant(stale_strong_read),
    "condition that always holds": Plant(condition_that_always_holds),
    "condition that never holds": Plant(condition_that_never_holds),
    "set that keeps": Plant(set_that_keeps),
    "count that counts twice": Plant(count_that_counts_twice),
    "update that forgets": Plant(update_that_forgets),
    "put that merges": Plant(put_that_merges),
    "delete that does nothing": Plant(delete_that_does_nothing),
    "wrong old values": Plant(wrong_old_values),
    "batch that drops": Plant(batch_that_drops),
    "batch that denies": Plant(batch_that_denies),
    "half a transaction": Plant(half_a_transaction),
    "token that is ignored": Plant(token_that_is_ignored),
    "torn transaction": Plant(torn_transaction),
    "page that skips": Plant(page_that_skips(index=False)),
    "page of an index that skips": Plant(page_that_skips(index=True)),
    "filter that lets through": Plant(filter_that_lets_through),
    "page in disorder": Plant(page_in_disorder),
    "page that cuts off": Plant(page_that_cuts_off),
    "count that forgets": Plant(count_that_forgets),
    "page that looked at more": Plant(page_that_looked_at_more),
    "nameless items that differ": Plant(nameless_items_that_differ),
    "index that skips": Plant(index_that_skips),
    "stream that repeats": Plant(stream_that_repeats),
    "stream that loses": Plant(stream_that_loses),
    "stream out of order": Plant(stream_out_of_order),
    "expiry too early": Plant(expiry_too_early),
    "expiry of anything": Plant(expiry_of_anything),
    "backup with live references": Plant(backup_with_live_references),
    "restore that lacks": Plant(restore_that_lacks),
    "restore one record off": Plant(restore_one_record_off),
    "shipment that is lost": Plant(shipment_that_is_lost, "two_regions"),
    "last writer loses": Plant(last_writer_loses, "two_regions"),
    "region wins": Plant(region_wins, "two_regions"),
}
