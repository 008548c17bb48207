"""Every acknowledged write is in the log within its call, as it was asked, and nothing else is there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import inf

from attrs import Factory, define, frozen

from ddbha.api.idempotency import TOKEN_LIFETIME
from ddbha.errors import AwsError, InvariantError
from ddbha.values.image import unpack
from ddbha.verify.asked import FAILED, NOTHING, UNKNOWN, Asked, Write
from ddbha.verify.calls import Call
from ddbha.verify.history import History
from ddbha.verify.item_values import packed, unpacked
from ddbha.verify.linearizability import Key, Value
from ddbha.verify.records import Kept
from ddbha.verify.writes import asked_by


def verify_logged(history: History) -> None:
    """Raise `InvariantError` if what was written is not what clients asked for and were told.

    Each write is evaluated again, by the checker's own reading of its condition and its update, on what
    its item was.  One whose outcome is unknown may be in the log, or not, also later than its call; a
    transaction is there as a whole or not at all.
    """
    logs = _Logs.of(history)
    unknown: list[_Open] = []
    tokens: dict[tuple[str, str, str], _Used] = {}
    for call in sorted(history, key=lambda call: inf if call.completed is None else call.completed):
        for asked in _asked(call, history):
            if asked.told == FAILED:
                _verify_failed(call, asked, logs, tokens)
            elif asked.told == UNKNOWN or call.completed is None:
                taken = call.completed is not None and logs.take_all(asked, call.invoked, call.completed)
                if not taken:
                    unknown.append(_Open(call, asked))
                _note_token(call, asked, tokens, sure=taken)
            elif asked.told != NOTHING:
                _verify_done(call, asked, logs, tokens)
    _verify_rest(logs, unknown, history)


@define(eq=False)
class _Entry:
    """A record of an item, and whether a call explains it."""

    key: Key
    kept: Kept
    old: Value
    new: Value
    #: Whether no call explains it by now, although one must.
    is_open: bool


@frozen(eq=False)
class _Open:
    """Writes whose outcome is unknown, and that left no record while their call lasted."""

    call: Call
    asked: Asked


@frozen(eq=False)
class _Used:
    """A token of a transaction: when it was used, and whether that was surely done."""

    began: float
    ended: float
    sure: bool


@define(eq=False)
class _Logs:
    """The records of each item in order, and what was there before them."""

    initial: dict[Key, Value] = Factory(dict)
    entries: defaultdict[Key, list[_Entry]] = Factory(lambda: defaultdict(list))

    @classmethod
    def of(cls, history: History) -> _Logs:
        logs = cls()
        for table, known in history.known.items():
            for kept in known.records:
                record, key = kept.record, (table, kept.record.key)
                if key not in logs.initial:
                    image = known.initial.get(record.key)
                    logs.initial[key] = packed(None if image is None else unpack(image))
                old = packed(None if record.old is None else unpack(record.old))
                new = packed(None if record.new is None else unpack(record.new))
                logs.entries[key].append(_Entry(key, kept, old, new, kept.asked))
            for item, image in known.initial.items():
                logs.initial.setdefault((table, item), packed(unpack(image)))
        return logs

    def window(self, key: Key, after: int, until: int) -> tuple[list[_Entry], list[Value]]:
        """The records of an item between two places, and all that it was meanwhile."""
        entries = self.entries.get(key, [])
        low, high = (bisect_right(entries, place, key=_place) for place in (after, until))
        before = entries[low - 1].new if low else self.initial.get(key)
        return entries[low:high], [before, *(entry.new for entry in entries[low:high])]

    def record_of(self, write: Write, after: int, until: int) -> _Entry | None:
        """The record that a write left between two places."""
        entries, _ = self.window(write.key, after, until)
        fitting = (e for e in entries if e.is_open and write.leads(e.old, e.new))
        return next(fitting, None)

    def needs_none(self, write: Write, after: int, until: int) -> bool:
        """Whether a write may have changed nothing between two places."""
        return any(write.leads(value, value) for value in self.window(write.key, after, until)[1])

    def take_all(self, asked: Asked, after: int, until: int) -> bool:
        """Explain records by writes, if there is what all of them leave; whether there was any record."""
        found = [self.record_of(write, after, until) for write in asked.writes]
        if not any(found):
            return False
        for write, entry in zip(asked.writes, found, strict=True):
            if entry is None and not self.needs_none(write, after, until):
                return False
        for entry in found:
            if entry is not None:
                entry.is_open = False
        return True


def _place(entry: _Entry) -> int:
    return entry.kept.place


def _asked(call: Call, history: History) -> Iterator[Asked]:
    try:
        for asked in asked_by(call):
            if all(write.key[0] in history.known for write in asked.writes):
                yield asked
    except (AwsError, KeyError):
        # What makes no sense, or names what is not there, did nothing.
        assert call.answer is None, "what was answered makes sense"


def _verify_failed(
    call: Call, asked: Asked, logs: _Logs, tokens: dict[tuple[str, str, str], _Used]
) -> None:
    assert call.completed is not None, "whoever was told of a failure has an answer"
    used = None if asked.token is None else tokens.get((call.account_id, call.region, asked.token))
    if used is not None and used.sure and call.began < used.began + TOKEN_LIFETIME:
        raise InvariantError(f"{call}\nfailed, although its token had been used for a success")
    for write, held in zip(asked.writes, asked.held or (False,), strict=True):
        values = logs.window(write.key, call.invoked, call.completed)[1]
        if not any(write.holds(value) is held for value in values):
            said = "failed, although it held" if not held else "held, although it failed"
            raise InvariantError(f"{call}\nwas told that a condition {said} for {unpacked(values[0])}")


def _verify_done(
    call: Call, asked: Asked, logs: _Logs, tokens: dict[tuple[str, str, str], _Used]
) -> None:
    assert call.completed is not None, "an answered call is complete"
    after, until = call.invoked, call.completed
    used = None if asked.token is None else tokens.get((call.account_id, call.region, asked.token))
    if used is not None and call.began < used.ended + TOKEN_LIFETIME:
        may_be_new = not used.sure or call.began >= used.began + TOKEN_LIFETIME
        if may_be_new and logs.take_all(asked, after, until):
            _note_token(call, asked, tokens, sure=True)
        return
    _note_token(call, asked, tokens, sure=True)
    for write in asked.writes:
        entry = logs.record_of(write, after, until)
        if entry is not None:
            entry.is_open = False
        elif not logs.needs_none(write, after, until):
            entries, values = logs.window(write.key, after, until)
            found = next((e for e in entries if e.is_open), None)
            if found is None:
                raise InvariantError(
                    f"{call}\nwas acknowledged, but its log has no record of it, and the item was "
                    f"{unpacked(values[0])}"
                )
            raise InvariantError(
                f"{call}\nwas acknowledged, but its log has another record: {_shown(found)}"
            )


def _note_token(
    call: Call, asked: Asked, tokens: dict[tuple[str, str, str], _Used], *, sure: bool
) -> None:
    if asked.token is None:
        return
    known = tokens.get((call.account_id, call.region, asked.token))
    if sure or known is None or not known.sure:
        ended = call.began if call.ended is None else call.ended
        # What is in doubt may be done at any time to come.
        tokens[call.account_id, call.region, asked.token] = _Used(
            call.began, ended if sure else inf, sure
        )


def _verify_rest(logs: _Logs, unknown: Iterable[_Open], history: History) -> None:
    """What no call explains was asked for by one whose outcome is unknown."""
    by_key: defaultdict[Key, list[_Open]] = defaultdict(list)
    for one in unknown:
        for write in one.asked.writes:
            by_key[write.key].append(one)
    # What was read at once lies between two of these.
    ends = sorted({place for call in history for place in (call.invoked, call.completed or 0)})
    rest = [entry for entries in logs.entries.values() for entry in entries if entry.is_open]
    for entry in sorted(rest, key=_place):
        place = bisect_left(ends, _place(entry))
        after = ends[place - 1] if place else -1
        until = ends[place] if place < len(ends) else len(history.times)
        for one in by_key[entry.key]:
            if entry.is_open and one.call.invoked < until and logs.take_all(one.asked, after, until):
                for write in one.asked.writes:
                    by_key[write.key] = [other for other in by_key[write.key] if other is not one]
        if entry.is_open and not history.unfinished:
            raise InvariantError(f"nobody asked for what is in the log: {_shown(entry)}")


def _shown(entry: _Entry) -> str:
    record = entry.kept.record
    return f"record {record.sequence} of {record.key}, which is {unpacked(entry.new)}"
