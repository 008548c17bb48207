"""A table: its key schema, its partitions and whatever follows them, and its settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf
from typing import Any

from attrs import Factory, define, field, frozen

from ddbha.collector import collector_paused
from ddbha.followers.archive import Archive
from ddbha.followers.consumption import ConsumedWrites
from ddbha.followers.replication import Member
from ddbha.followers.secondary_indexes import GlobalIndex, LocalIndex
from ddbha.followers.vector_indexes import VectorIndex
from ddbha.interruptions import uninterrupted
from ddbha.observe.metrics import Series
from ddbha.region.bulk_load import by_partition, index_entries
from ddbha.region.parts import Parts
from ddbha.storage.partition import Partition
from ddbha.storage.partitions import Partitions
from ddbha.storage.replica import Replica
from ddbha.values.image import Image
from ddbha.values.key import ItemKey, KeySchema
from ddbha.values.settings import ContributorInsights, Throughput, ThroughputChanges


@frozen(eq=False)
class RestoreOrigin:
    """Where a table that is being restored comes from, and the time it goes back to."""

    table_arn: str
    time: float
    backup_arn: str | None = None


@define(eq=False)
class TableSettings:
    """What a client may set on a table besides its keys."""

    billing_mode: str = "PROVISIONED"
    throughput: Throughput = Throughput()
    on_demand: Throughput | None = None
    warm: Throughput | None = None
    stream_view_type: str | None = None
    stream_label: str | None = None
    deletion_protection: bool = False
    #: Whether the table, as a replica, may not be taken out of its global table and kept.
    disassociation_protection: bool = True
    #: Whether an ordinary table is to have its settings in common with replicas in other accounts:
    #: ENABLED, DISABLED, or None if nobody said.
    settings_replication: str | None = None
    table_class: str | None = None
    encryption: dict[str, Any] | None = None
    #: Whether the encryption is changing to another one.
    encrypting: bool = False
    #: When the encryption was changed, and the deletion protection was.
    encryption_changes: tuple[float, ...] = ()
    protection_changed: float | None = None
    on_demand_since: float | None = None
    #: What the table is becoming ready for.
    warming: Throughput | None = None
    changes: ThroughputChanges = ThroughputChanges()
    #: When the table became on demand, and when its class was set.
    on_demand_switches: tuple[float, ...] = ()
    class_changes: tuple[float, ...] = ()
    tags: dict[str, str] = Factory(dict)
    #: The attribute that says when an item expires; kept until the setting is DISABLED.
    ttl_attribute: str | None = None
    ttl_status: str = "DISABLED"
    ttl_changed: float | None = None
    insights: ContributorInsights = ContributorInsights()


@define(eq=False)
class Table:
    """A table in one region."""

    name: str
    arn: str
    id: str
    created: float
    #: Types of all key attributes of the table and its indexes, by name, in the order declared.
    attribute_types: dict[str, str]
    schema: KeySchema
    partitions: Partitions
    local_indexes: dict[str, LocalIndex]
    global_indexes: dict[str, GlobalIndex] = Factory(dict)
    settings: TableSettings = Factory(TableSettings)
    status: str = "CREATING"
    #: What makes it a replica of a global table.
    membership: Member | None = None
    #: When the table first took reads and writes.
    active_since: float | None = None
    #: The history of the table while point-in-time recovery is on.
    archive: Archive | None = None
    #: The metrics of the units that the table itself consumed, at hand from the first time on.
    consumed_reads: Series | None = field(default=None, repr=False)
    consumed_writes: Series | None = field(default=None, repr=False)
    #: What is kept with the table by those who know it.
    parts: Parts = field(factory=Parts, repr=False)
    vector_indexes: dict[str, VectorIndex] = Factory(dict)
    #: Where the table comes from while it is being restored.
    restoring_from: RestoreOrigin | None = None

    def __repr__(self) -> str:
        return f"<Table {self.arn} {self.status}>"

    def partition(self, key: ItemKey) -> Partition:
        """The partition that holds a key."""
        return self.partitions.of(key)

    def add_global_index(self, index: GlobalIndex) -> None:
        """Let an index follow the table, which holds nothing yet."""
        for partition in self.partitions:
            partition.followers.append(index.follow(partition))
        self.global_indexes[index.name] = index

    def fill_global_index(self, index: GlobalIndex) -> None:
        """Let a new index hold all items that are there, and follow the table from now on.

        Raises `InternalServerError`, with nothing done, where a partition of either has no leader.
        """
        leaders = [partition.available_leader() for partition in self.partitions]
        for partition in index.partitions:
            partition.available_leader()
        with collector_paused():
            (entries,) = index_entries([index], [leader.items.images for leader in leaders])
            for partition, part in zip(index.partitions, entries, strict=True):
                partition.load(part)
        for partition in self.partitions:
            partition.followers.append(index.follow(partition))

    def load(self, images: Iterable[tuple[ItemKey, Image]]) -> None:
        """Fill a table that was never written to, with its indexes, sharing the images.

        Raises `InternalServerError` where a partition has no quorum; the table is of no use then.
        """
        indexes = list(self.global_indexes.values())
        with collector_paused():
            parts = by_partition(self.partitions, images)
            entries = index_entries(indexes, parts)
            for partition, part in zip(self.partitions, parts, strict=True):
                partition.load(part)
            for index, index_parts in zip(indexes, entries, strict=True):
                for partition, part in zip(index.partitions, index_parts, strict=True):
                    partition.load(part)
            for vector_index in self.vector_indexes.values():
                for part in parts:
                    vector_index.load(part)

    def add_vector_index(self, index: VectorIndex) -> None:
        """Let an index hold all items that are there, and follow the table from now on.

        Raises `InternalServerError`, with nothing done, where a partition has no leader.
        """
        leaders = [partition.available_leader() for partition in self.partitions]
        for leader in leaders:
            index.load(leader.items.images)
        for partition in self.partitions:
            partition.followers.append(index.follow(partition))
        self.vector_indexes[index.name] = index

    def remove_vector_index(self, name: str) -> None:
        """Drop a vector index and whatever it followed."""
        self.vector_indexes.pop(name).followers.leave()

    def following_indexes(self) -> Iterator[GlobalIndex | VectorIndex]:
        """The indexes that follow the logs of the table, each as late as it is."""
        yield from self.global_indexes.values()
        yield from self.vector_indexes.values()

    def remove_global_index(self, name: str) -> None:
        """Drop an index and whatever it followed."""
        self.global_indexes.pop(name).followers.leave()

    @property
    def consistency(self) -> str | None:
        """EVENTUAL or STRONG between the regions of a global table; None for an ordinary table."""
        return None if self.membership is None else self.membership.group.consistency

    def all_partitions(self) -> Iterator[Partition]:
        """The partitions of the table and of its global indexes."""
        yield from self.partitions
        for index in self.global_indexes.values():
            yield from index.partitions

    def count_writes(self, now: float) -> None:
        """Let the metrics take in what was written to the table and its indexes until now."""
        for index in self.global_indexes.values():
            index.catch_up(now)
        for partition in self.all_partitions():
            for follower in partition.followers:
                if isinstance(follower, ConsumedWrites):
                    follower.catch_up(inf)

    @property
    def item_count(self) -> int:
        """How many items the table holds."""
        return sum(len(_best(partition).items) for partition in self.partitions)

    @property
    def size(self) -> int:
        """Bytes of all items."""
        return sum(_best(partition).items.size for partition in self.partitions)


def _best(partition: Partition) -> Replica:
    """The leader with all applied; descriptions answer even while the partition has no quorum."""
    with partition.replication.scheduler.lock, uninterrupted:
        leader = partition.leader
        leader.apply_all()
    return leader
