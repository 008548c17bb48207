"""Between regions that write one item the last writer wins, in each of them and in the end."""

from __future__ import annotations

from itertools import permutations

from ddbha.errors import InvariantError
from ddbha.followers.replication import GlobalTable
from ddbha.values.key import ItemKey
from ddbha.verify.history import History
from ddbha.verify.invariants import newest_images, same_state
from ddbha.verify.records import Kept, KnownTable


def verify_conflicts(history: History) -> None:
    """Raise `InvariantError` if an older write of another region took the place of a later one.

    Of the last writes of all any may win whose times are so near that their order is open; where the
    regions' clocks differed, they have to agree on one.
    """
    groups: dict[int, tuple[GlobalTable, list[KnownTable]]] = {}
    for known in history.known.values():
        if known.table.membership is not None:
            group = known.table.membership.group
            groups.setdefault(id(group), (group, []))[1].append(known)
    for group, tables in groups.values():
        for known in tables:
            _verify_arrivals(known, strong=group.consistency == "STRONG")
        records = [kept for known in tables for kept in known.records]
        if not any(kept.before.skew or kept.after.skew for kept in records):
            # A clock that stands still moves the stamps on by a microsecond a write.
            _verify_winners(group, tables, len(records) + 1)


def _stamp(kept: Kept) -> int:
    """When a record was written where a client wrote it, in microseconds."""
    version = kept.record.version
    return round(kept.record.time * 1_000_000) if version is None else version.stamp.microseconds


def _verify_arrivals(known: KnownTable, *, strong: bool) -> None:
    """What arrives is later than what it replaces.

    The stamp of a write of this region is at least what its clock said, and later than what it replaced;
    with strong consistency there is one order for all regions, which the stamps only follow.
    """
    held: dict[ItemKey, tuple[int, str]] = {}
    for kept in known.records:
        record, before = kept.record, held.get(kept.record.key, (0, ""))
        if record.version is not None:
            # Stamps are compared here, not as the engine does.
            stamp = record.version.stamp.microseconds, record.version.stamp.region
            if stamp[0] < before[0] if strong else stamp < before:
                raise InvariantError(
                    f"{known.region} {known.table.name}: a write of {record.key} in {record.origin} took "
                    "the place of a later one"
                )
        elif strong:
            stamp = _stamp(kept), known.region
        else:
            skew = min(kept.before.skew, kept.after.skew)
            clock = round((record.time + skew) * 1_000_000)
            stamp = max(clock, before[0] + 1), known.region
        held[record.key] = stamp


def _verify_winners(group: GlobalTable, tables: list[KnownTable], slack: int) -> None:
    """Where nothing is on its way, all regions hold what was written last."""
    regions = {known.region: known for known in tables}
    members = group.members
    if not members.keys() <= regions.keys() or any(m.status != "ACTIVE" for m in members.values()):
        return
    if any(group.pending(one, other) for one, other in permutations(members, 2)):
        return
    written: dict[ItemKey, list[Kept]] = {}
    for known in tables:
        for kept in known.records:
            written.setdefault(kept.record.key, []).append(kept)
    found = {region: newest_images(member.partitions) for region, member in members.items()}
    for key, writes in written.items():
        last = max(writes, key=_stamp)
        latest = _stamp(last)
        rivals = [kept for kept in writes if _stamp(kept) + slack >= latest]
        if any(not same_state(kept.record.new, last.record.new) for kept in rivals):
            continue
        if any(kept.record.old is None and kept.record.new is None for kept in writes):
            # Whether a deletion of nothing is a write is not for the times to say.
            continue
        for region, images in found.items():
            if not same_state(images.get(key), last.record.new):
                raise InvariantError(
                    f"global table {group.name}: {region} does not hold the last write of {key}, which "
                    f"{last.record.origin} made"
                )
