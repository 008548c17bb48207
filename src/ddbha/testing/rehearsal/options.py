"""The options of high availability: what is set up before anything happens, and how it is used then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from attrs import evolve, field, frozen

from ddbha.boto.clients import complete_client
from ddbha.errors import UsageError
from ddbha.testing.rehearsal.clients import Policy
from ddbha.testing.rehearsal.stage import Stage, Steps
from ddbha.world import World

#: Seconds until an operator has seen that data is gone or wrong, and begins to restore.
DETECTION = 60.0
#: Seconds that a write takes to other regions, from and to.
LAG = (0.5, 0.9)
_HOME = "us-east-1"


@frozen
class Option:
    """One way to be available; options add up with `+`."""

    name: str
    regions: tuple[str, ...] = (_HOME,)
    #: EVENTUAL or STRONG for global tables.
    consistency: str | None = None
    witness: str | None = None
    policy: Policy = field(default=Policy())
    #: How often backups are taken, like "1 hour"; None for never.
    backups_every: str | None = None
    #: The region that has copies of them, to be restored where the home is gone for good.
    copy_to: str | None = None
    recovery: bool = False
    #: Whatever else a world needs: is given the world and the names of the tables.
    set_up: Callable[[World, list[str]], object] | None = None

    def __add__(self, other: Option) -> Option:
        first, second = (self, other) if self.consistency or not other.consistency else (other, self)
        return evolve(
            first,
            name=f"{self.name} + {other.name}",
            backups_every=first.backups_every or second.backups_every,
            copy_to=first.copy_to or second.copy_to,
            recovery=first.recovery or second.recovery,
            set_up=first.set_up or second.set_up,
        )

    @property
    def home(self) -> str:
        """The region in which the tables are made."""
        return self.regions[0]

    @property
    def restores(self) -> bool:
        """Whether there is something to restore from."""
        return self.recovery or self.backups_every is not None

    def prepare(self, stage: Stage) -> None:
        """Make the tables and whatever protects them; they are ready afterwards."""
        world = stage.world
        client = complete_client(world.engine, "dynamodb", self.home)
        names = [table["TableName"] for table in stage.tables]
        for table in stage.tables:
            client.create_table(**table)
            client.get_waiter("table_exists").wait(TableName=table["TableName"])
            if self.consistency is not None:
                self._replicate(client, table["TableName"])
        if self.consistency is not None:
            # A region that others were filled from cannot be left for a day.
            world.clock.sleep(25 * 3600)
        if self.consistency == "EVENTUAL":
            for place, region in enumerate(self.regions):
                for other in self.regions[place + 1 :]:
                    world.faults.replication_lag(region, other, seconds=LAG)
        for name in names:
            if self.recovery:
                client.update_continuous_backups(
                    TableName=name,
                    PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
                )
            if self.backups_every is not None:
                copies = [] if self.copy_to is None else [world.backup_vault(region=self.copy_to)]
                every = f"rate({self.backups_every})"
                world.backup_plan(every, table=name, region=self.home, copy_to=copies)
        if self.set_up is not None:
            self.set_up(world, names)

    def _replicate(self, client: Any, name: str) -> None:
        creations: list[Any] = [{"Create": {"RegionName": region}} for region in self.regions[1:]]
        if self.consistency == "STRONG":
            more: dict[str, Any] = {"MultiRegionConsistency": "STRONG"}
            if self.witness is not None:
                more["GlobalTableWitnessUpdates"] = [{"Create": {"RegionName": self.witness}}]
            client.update_table(TableName=name, ReplicaUpdates=creations, **more)
            return
        for creation in creations:
            client.update_table(TableName=name, ReplicaUpdates=[creation])
            client.get_waiter("table_exists").wait(TableName=name)

    def restore(self, stage: Stage, *, elsewhere: bool = False) -> Steps:
        """What an operator does when data is gone or wrong: restore it, and let clients use that.

        `elsewhere` is in the region that has copies.
        """
        yield DETECTION
        place = self.copy_to if elsewhere else self.home
        client = stage.world.client("dynamodb", region_name=place)
        began = stage.disaster_at
        targets = []
        for table in stage.tables:
            source = table["TableName"]
            target = f"{source}-restored"
            if self.recovery and not elsewhere:
                yield from self._restore_to_time(stage, client, source, target, began)
            else:
                kept = client.list_backups(TableName=source, BackupType="AWS_BACKUP")["BackupSummaries"]
                taken = [b for b in kept if b["BackupCreationDateTime"].timestamp() <= began]
                if not taken:
                    return
                newest = max(taken, key=lambda backup: backup["BackupCreationDateTime"])
                client.restore_table_from_backup(BackupArn=newest["BackupArn"], TargetTableName=target)
            targets.append((source, target))
        while any(
            client.describe_table(TableName=target)["Table"]["TableStatus"] != "ACTIVE"
            for _, target in targets
        ):
            yield 5.0
        stage.names.update(targets)
        stage.place = place
        stage.switched_at = stage.world.clock.time()

    def _restore_to_time(self, stage: Stage, client: Any, source: str, target: str, time: float) -> Steps:
        moment = datetime.fromtimestamp(int(time), timezone.utc)
        while True:
            try:
                told = client.describe_continuous_backups(TableName=source)
            except client.exceptions.TableNotFoundException:
                # AWS keeps a backup of a deleted table that had recovery, as of its last moment.
                kept = client.list_backups(TableName=source, BackupType="SYSTEM")["BackupSummaries"]
                client.restore_table_from_backup(BackupArn=kept[-1]["BackupArn"], TargetTableName=target)
                return
            described = told["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
            if described["LatestRestorableDateTime"] >= moment:
                break
            # The newest minutes cannot be restored yet.
            yield 15.0
        client.restore_table_to_point_in_time(
            SourceTableName=source, TargetTableName=target, RestoreDateTime=moment
        )


def single_region(region: str = _HOME) -> Option:
    """One table in one region: three zones, nothing else."""
    return Option("single region", (region,))


def global_table(*regions: str, policy: str = "fail over", after: int = 3) -> Option:
    """A global table with eventual consistency, and where its clients turn when their region fails."""
    chosen = regions or (_HOME, "eu-west-1")
    _check(len(chosen) > 1, "A global table needs two regions or more.")
    told = Policy(policy, after)
    return Option(f"global table, {told}", chosen, "EVENTUAL", policy=told)


def strong_global_table(*regions: str, witness: str | None = None, after: int = 3) -> Option:
    """A global table with strong consistency: three regions, or two and a witness."""
    chosen = regions or ((_HOME, "us-east-2") if witness else (_HOME, "us-east-2", "us-west-2"))
    _check(
        len(chosen) == (2 if witness else 3), "Strong consistency is three regions, or two and a witness."
    )
    name = "strong global table" + (" with a witness" if witness else "")
    return Option(name, chosen, "STRONG", witness, Policy("fail over", after))


def backups(every: str = "1 hour", *, copy_to: str | None = None) -> Option:
    """Scheduled backups of a table in one region, restored when its data is gone or wrong.

    Copies in another region are restored there when the first one is gone for good.
    """
    copied = "" if copy_to is None else f", copied to {copy_to}"
    return Option(f"backups every {every}{copied}", backups_every=every, copy_to=copy_to)


def recovery() -> Option:
    """Point-in-time recovery of a table in one region, used when its data is gone or wrong."""
    return Option("point-in-time recovery", recovery=True)


def read_option(given: Any) -> Option:
    """An option, or a function that sets a world up and may return the clients' `Policy`."""
    if isinstance(given, Option):
        return given
    _check(callable(given), f"{given!r} is no option: give one of ddbha.rehearsal or a function.")
    name = getattr(given, "__name__", "own option").replace("_", " ")
    return Option(name, set_up=given)


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise UsageError(message)


def shipped() -> list[Option]:
    """The options that are compared where nobody names any."""
    return [
        single_region(),
        backups(every="1 hour"),
        backups(every="1 hour", copy_to="eu-west-1"),
        recovery(),
        global_table(),
        global_table(policy="stay"),
        strong_global_table(),
        strong_global_table(witness="us-west-2"),
        global_table() + recovery(),
    ]
