"""Regions that do not agree."""

from __future__ import annotations

from typing import Any

import pytest

import ddbha
from ddbha.followers.replication import Member
from ddbha.verify.invariants import newest_images, same_state
from tests.verify.plants.plant import Effects


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
