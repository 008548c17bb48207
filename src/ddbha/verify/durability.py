"""What was acknowledged is in the logs from then on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ddbha.errors import InvariantError
from ddbha.verify.history import Call, History
from ddbha.verify.invariants import same_state
from ddbha.verify.item_values import key_of, packed
from ddbha.verify.linearizability import Key
from ddbha.verify.records import Kept, KnownTable


def verify_durability(history: History) -> None:
    """Raise `InvariantError` if a record was lost, or a put was answered that left none."""
    for said in history.lost:
        raise InvariantError(said)
    records: defaultdict[Key, list[Kept]] = defaultdict(list)
    for known in history.known.values():
        _verify_chains(known)
        for kept in known.records:
            records[known.table.id, kept.record.key].append(kept)
    for call in history:
        if call.operation == "PutItem" and call.answer is not None:
            for table in call.tables.values():
                if table.id in history.known:
                    _verify_put(call, records[key_of(table, call.request["Item"])])


def _verify_put(call: Call, records: Iterable[Kept]) -> None:
    assert call.completed is not None, "an answered call is complete"
    item = packed(call.request["Item"])
    for kept in records:
        new = kept.record.new
        if call.invoked < kept.place <= call.completed and new is not None and packed(new.item()) == item:
            return
    raise InvariantError(f"{call}\nwas acknowledged, but its log has no record of it")


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
