"""Elections and replicas that go wrong."""

from __future__ import annotations

from typing import Any

import pytest

import ddbha
from ddbha.followers.secondary_indexes import GlobalIndexFollower
from ddbha.storage.partition import Partition
from ddbha.storage.replica import Replica
from ddbha.verify.invariants import contents
from tests.verify.plants.plant import Effects, answering, copied


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
        seen[key] = copied(item)
        if not effects.is_turn(2):
            return found
        effects.note(before != item)
        return {} if before is None else {"Item": before}

    answering(patch, "GetItem", change)
