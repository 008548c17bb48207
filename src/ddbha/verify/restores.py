"""Backups hold what was in a table when they were made, and restores bring exactly that back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from math import inf, nextafter

from attrs import frozen

from ddbha.errors import InvariantError
from ddbha.recovery.backup import Backup, backups_of
from ddbha.region.region import Region
from ddbha.values.image import Image
from ddbha.values.key import ItemKey
from ddbha.verify.calls import Call, Restored
from ddbha.verify.history import History
from ddbha.verify.invariants import same_state
from ddbha.verify.records import KnownTable


def verify_restores(history: History, regions: Iterable[Region]) -> None:
    """Raise `InvariantError` if a backup or a restored table differs from what was in its source."""
    backups = dict(_backups(history))
    for region in regions:
        for arn, backup in backups_of(region).items():
            moment = backups.setdefault(arn, _unasked(backup, history))
            if moment is not None:
                _compare(moment, dict(backup.images()), f"backup {arn}")
    for restored in history.restored:
        moment = _moment(restored, history, backups)
        if moment is not None:
            _compare(moment, restored.target.initial, f"{restored.call}\nrestored a table that")


@frozen(eq=False)
class _Moment:
    """A table at a place, or as it was at a time before it."""

    known: KnownTable
    place: float
    time: float | None = None
    #: Whether what was written at that very time may have come later.
    is_open: bool = False

    def contents(self) -> Iterator[dict[ItemKey, Image]]:
        """What may have been in the table."""
        yield self.known.content(self.place, self.time)
        if self.is_open and self.time is not None:
            yield self.known.content(self.place, nextafter(self.time, -inf))


def _unasked(backup: Backup, history: History) -> _Moment | None:
    """What a backup was made of that no client asked for; None if that lies before the history."""
    known = history.known.get(backup.source.id)
    if known is None or backup.created <= known.met or backup.type == "USER":
        return None
    if backup.type == "SYSTEM":
        # Its table was deleted.
        return _Moment(known, inf)
    return _Moment(known, inf, backup.created, is_open=True)


def _backups(history: History) -> Iterable[tuple[str, _Moment | None]]:
    for call in history:
        if call.operation == "CreateBackup" and call.answer is not None:
            for table in call.tables.values():
                if table.id in history.known:
                    assert call.completed is not None, "an answered call is complete"
                    arn = call.answer["BackupDetails"]["BackupArn"]
                    yield arn, _Moment(history.known[table.id], call.completed)


def _moment(
    restored: Restored, history: History, backups: Mapping[str, _Moment | None]
) -> _Moment | None:
    """What was asked for; None if it lies before the history."""
    call, origin = restored.call, restored.origin
    if call.operation == "RestoreTableFromBackup":
        return backups.get(call.request["BackupArn"])
    source = _source(call, origin.table_arn, history)
    if source is None or origin.time < source.met:
        return None
    given = call.request.get("RestoreDateTime")
    if given is not None and not given.timestamp() <= origin.time < given.timestamp() + 1:
        raise InvariantError(f"{call}\nrestored what there was at {origin.time}")
    assert call.completed is not None, "an answered call is complete"
    return _Moment(source, call.completed, origin.time)


def _source(call: Call, arn: str, history: History) -> KnownTable | None:
    found = [
        known
        for known in history.known.values()
        if known.table.arn == arn and known.place <= call.invoked
    ]
    return found[-1] if found else None


def _compare(moment: _Moment, found: Mapping[ItemKey, Image], where: str) -> None:
    expected, *others = moment.contents()
    for key in dict.fromkeys(chain(expected, *others, found)):
        image, other = expected.get(key), found.get(key)
        if any(same_state(content.get(key), other) for content in (expected, *others)):
            continue
        if image is None or other is None:
            kind = "has an item that was not there" if image is None else "lacks an item"
            raise InvariantError(f"{where} {kind}: {key}")
        raise InvariantError(f"{where} has another item than there was: {key}")
