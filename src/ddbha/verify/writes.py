"""What writes did to their items, or may have done, and what errors say of them: steps of the search."""

from __future__ import annotations

from collections.abc import Iterator

from ddbha.api.idempotency import TOKEN_LIFETIME
from ddbha.verify import asked as requests
from ddbha.verify.asked import DONE, FAILED, NOTHING, Asked
from ddbha.verify.calls import STATEMENTS, Call
from ddbha.verify.expressions import Unfit
from ddbha.verify.linearizability import Step, Values


def asked_by(call: Call) -> Iterator[Asked]:
    """What a call asks to be written; nothing for one that asks for no writes.

    Raises `AwsError` for what makes no sense.
    """
    writes = requests.WRITES
    if call.operation in STATEMENTS:
        # Few histories have statements, and their parser takes its time to import.
        from ddbha.verify.statements import WRITES as writes
    if call.operation in writes:
        yield from writes[call.operation](call)


def write_steps(call: Call) -> Iterator[Step]:
    """The steps that the writes of a call took, or may have taken."""
    for asked in asked_by(call):
        if asked.told == FAILED:
            yield _refused(call, asked)
        elif asked.told != NOTHING:
            yield _done(call, asked)


def _refused(call: Call, asked: Asked) -> Step:
    held = asked.held or (False,)

    def apply(values: Values) -> Values | None:
        found = tuple(write.holds(value) for write, value in zip(asked.writes, values, strict=True))
        return values if found == held else None

    return Step(tuple(write.key for write in asked.writes), call.invoked, call.completed, apply, call)


def _done(call: Call, asked: Asked) -> Step:
    writes = asked.writes
    keys = tuple(write.key for write in writes)
    # A token is a place of its own: whoever finds it used has nothing more to do.
    used = () if asked.token is None else (("token", (call.account_id, call.region, asked.token)),)

    def apply(values: Values) -> Values | None:
        items, tokens = values[: len(keys)], values[len(keys) :]
        for time in tokens:
            if isinstance(time, float) and call.began < time + TOKEN_LIFETIME:
                return values
        try:
            after = tuple(write.outcome(value) for write, value in zip(writes, items, strict=True))
        except Unfit:
            return None
        return (*after, *(call.began for _ in tokens))

    return Step(
        (*keys, *used),
        call.invoked,
        call.completed if asked.told == DONE else None,
        apply,
        call,
        None if used else (keys[0], repr(call.request)),
        tuple((write.key, write.overwrites) for write in writes if write.kind == "Put"),
    )
