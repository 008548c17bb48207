"""What was acknowledged is in the logs from then on."""

from __future__ import annotations

from ddbha.errors import InvariantError
from ddbha.verify.history import History
from ddbha.verify.invariants import same_state
from ddbha.verify.records import KnownTable


def verify_durability(history: History) -> None:
    """Raise `InvariantError` if an acknowledged record was lost, or replaced what was not there."""
    for said in history.lost:
        raise InvariantError(said)
    for known in history.known.values():
        _verify_chains(known)


def _verify_chains(known: KnownTable) -> None:
    """Each record replaced what the one before it had written."""
    content = dict(known.initial)
    for kept in known.records:
        record = kept.record
        if not same_state(content.get(record.key), record.old):
            raise InvariantError(
                f"{known.region} {known.table.name}: record {record.sequence} of {record.key} replaced "
                "something else than what was written before it"
            )
        if record.new is None:
            content.pop(record.key, None)
        else:
            content[record.key] = record.new
