"""What must hold in a world whatever failed in it, seen from what its replicas hold."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, permutations

from ddbha.errors import InvariantError
from ddbha.followers.item_collections import CollectionSizes
from ddbha.followers.replication import GlobalTable
from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.followers.vector_indexes import VectorIndex
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.storage.items import ItemStore
from ddbha.storage.partition import Partition
from ddbha.storage.replica import Replica
from ddbha.storage.replication import QUORUM
from ddbha.values.attribute import same_item
from ddbha.values.image import Image, unpack
from ddbha.values.key import ItemKey


def verify_state(regions: Iterable[Region], now: float) -> None:
    """Raise `InvariantError` naming the first broken invariant.

    Acknowledged records are held by a quorum; the logs of replicas agree, and so do their items once all
    of the log is applied; items lie in the partition of their hash; indexes hold what their tables imply;
    item collections are as large as they are counted; regions between which nothing is on its
    way agree.  Nothing is changed by looking.
    """
    regions = list(regions)
    for region in regions:
        for table in region.tables.values():
            where = f"{region.name} {table.name}"
            for partition in table.partitions:
                _verify_partition(partition, f"{where} partition {partition.number}", now)
                for follower in partition.followers:
                    if isinstance(follower, CollectionSizes):
                        _verify_collections(follower, f"{where} partition {partition.number}")
            for index in table.global_indexes.values():
                for partition in index.partitions:
                    name = f"{where} index {index.name} partition {partition.number}"
                    _verify_partition(partition, name, now)
                if index.followers:
                    # It has been filled.
                    _verify_index(table, index, f"{where} index {index.name}", now)
            for vector_index in table.vector_indexes.values():
                if vector_index.followers:
                    name = f"{where} vector index {vector_index.name}"
                    _verify_vector_index(table, vector_index, name, now)
    for group in {id(g): g for region in regions for g in _groups(region)}.values():
        _verify_convergence(group)


def _groups(region: Region) -> Iterable[GlobalTable]:
    for table in region.tables.values():
        if table.membership is not None:
            yield table.membership.group


def _verify_convergence(group: GlobalTable) -> None:
    """Replicas between which nothing is on its way hold the same items."""
    members = [member for member in group.members.values() if member.status == "ACTIVE"]
    if any(group.pending(one.region, other.region) for one, other in permutations(members, 2)):
        return
    reference, *others = [newest_images(member.partitions) for member in members]
    for member, images in zip(members[1:], others, strict=True):
        where = f"global table {group.name}: {members[0].region} and {member.region} disagree on"
        for key in reference.keys() | images.keys():
            image, other = reference.get(key), images.get(key)
            if image is None or other is None or not same_image(image, other):
                raise InvariantError(f"{where} {key}")


def _verify_partition(partition: Partition, where: str, now: float) -> None:
    holders = [
        replica
        for replica in partition.replicas
        if replica.last_sequence >= partition.acknowledged_sequence
    ]
    if len(holders) < QUORUM:
        raise InvariantError(
            f"{where}: record {partition.acknowledged_sequence} was acknowledged, but only "
            f"{len(holders)} of {len(partition.replicas)} replicas hold it"
        )
    for replica in partition.replicas:
        if replica.last_sequence > partition.acknowledged_sequence:
            raise InvariantError(
                f"{where}: {replica.zone} holds record {replica.last_sequence}, which was never "
                "acknowledged"
            )
    terms = [term for term, _ in partition.elections]
    for before, after in pairwise(terms):
        if before >= after:
            raise InvariantError(f"{where}: two leaders in term {after}")
    reference = partition.leader if partition.leader in holders else holders[0]
    items = contents(reference)
    for key in items.images:
        if not partition.low <= key < partition.high:
            raise InvariantError(f"{where}: {key} lies in another partition's range")
    for replica in partition.replicas:
        _verify_logs(reference, replica, where)
        if not replica.up:
            continue
        if replica.last_sequence == partition.acknowledged_sequence:
            if replica is not reference:
                _verify_same(reference.zone, items, replica.zone, contents(replica), where)
        elif not partition.cuts:
            raise InvariantError(
                f"{where}: {replica.zone} is up and holds records only to {replica.last_sequence} of "
                f"{partition.acknowledged_sequence}"
            )


def _verify_logs(reference: Replica, replica: Replica, where: str) -> None:
    """What two replicas both still have in their logs is the same."""
    oldest = max(reference.log.dropped_sequence, replica.log.dropped_sequence)
    if oldest > replica.last_sequence:
        return
    for record, other in zip(reference.log.after(oldest), replica.log.after(oldest), strict=False):
        if record is not other:
            raise InvariantError(
                f"{where}: {reference.zone} and {replica.zone} have different records "
                f"{record.sequence}, of terms {record.term} and {other.term}"
            )


def _verify_collections(kept: CollectionSizes, where: str) -> None:
    counted = CollectionSizes.of(kept.partition, kept.indexes)
    for collection in kept.sizes.keys() | counted.sizes.keys():
        size, actual = kept.size(collection), counted.size(collection)
        if size != actual:
            raise InvariantError(f"{where}: item collection {collection} has {actual} bytes, not {size}")


def _verify_same(zone: str, items: ItemStore, other_zone: str, others: ItemStore, where: str) -> None:
    # Replicas share their images, which are compared by identity first: that is nearly always all.
    if items.images != others.images:
        for odd in items.images.keys() ^ others.images.keys():
            raise InvariantError(f"{where}: {zone} and {other_zone} disagree on {odd}")
        for key, image in items.images.items():
            if not same_image(image, others.images[key]):
                raise InvariantError(f"{where}: {zone} and {other_zone} disagree on {key}")
    if not items.same_order(others):
        raise InvariantError(f"{where}: {zone} and {other_zone} order items differently")


def same_image(left: Image, right: Image) -> bool:
    """Whether two images hold the same attributes."""
    if left is right or left == right:
        return True
    return same_item(unpack(left), unpack(right))


def same_state(one: Image | None, other: Image | None) -> bool:
    """Whether an item is the same before and after, or absent both times."""
    return one is other or (one is not None and other is not None and same_image(one, other))


def _verify_index(table: Table, index: GlobalIndex, where: str, now: float) -> None:
    index.catch_up(now)
    if not all(follower.current for follower in index.followers):
        return
    expected: dict[ItemKey, Image] = {}
    for partition in table.partitions:
        for key, image in newest_images([partition]).items():
            entry = index.entry(image)
            if entry is not None:
                expected[(*entry[0], key)] = entry[1]
    found = newest_images(index.partitions)
    for key in expected.keys() ^ found.keys():
        kind = "lacks" if key in expected else "has a stray"
        raise InvariantError(f"{where}: {kind} entry {key}")
    for key, image in expected.items():
        if not same_image(image, found[key]):
            raise InvariantError(f"{where}: entry {key} differs from its item")


def _verify_vector_index(table: Table, index: VectorIndex, where: str, now: float) -> None:
    index.followers.catch_up(now)
    if not all(follower.current for follower in index.followers):
        return
    images = newest_images(table.partitions)
    entries = (index.entry(key, image) for key, image in images.items())
    expected = {entry.key: entry for entry in entries if entry is not None}
    found = {entry.key: entry for entry in index.entries()}
    for key in expected.keys() ^ found.keys():
        kind = "lacks" if key in expected else "has a stray"
        raise InvariantError(f"{where}: {kind} entry {key}")
    for key, entry in expected.items():
        if not entry.same_as(found[key]):
            raise InvariantError(f"{where}: entry {key} differs from its item")


def _newest(partition: Partition) -> Replica:
    leader = partition.leader
    newest = max(partition.replicas, key=lambda replica: replica.last_sequence)
    return leader if leader.last_sequence == newest.last_sequence else newest


def newest_images(partitions: Iterable[Partition]) -> dict[ItemKey, Image]:
    """All items, from the replicas that hold the most; some of them may be down."""
    images: dict[ItemKey, Image] = {}
    for partition in partitions:
        images.update(contents(_newest(partition)).images)
    return images


def contents(replica: Replica) -> ItemStore:
    """The items of a replica as its whole log makes them, whatever it has applied of it."""
    if replica.current:
        return replica.items
    whole = Replica(
        replica.zone, replica.items.copy(), replica.log, applied_sequence=replica.applied_sequence
    )
    whole.apply_all()
    return whole.items
