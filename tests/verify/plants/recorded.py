"""Streams, expiry, backups and restores that go wrong: what follows from records."""

from __future__ import annotations

from typing import Any

import pytest

from ddbha.followers import expiry as expiry_module
from ddbha.followers.archive import Archive
from ddbha.followers.expiry import ExpiryFollower
from ddbha.followers.stream import Shard
from ddbha.recovery.backup import backups_of
from ddbha.region.table import Table
from tests.verify.plants.plant import Effects, answering


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
