"""Random schedules of faults and of changes: they end, nothing acknowledged is lost, and `verify` agrees.

`python -m tests.soak.schedules --first 0 --count 10000` prints the seeds that fail and, after each
hundred, how far it is; one of them alone is `--first SEED --count 1`.
"""

from __future__ import annotations

import argparse
import random
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

import ddbha
from ddbha.errors import InternalServerError, UsageError
from tests.building import index_on, of_units

#: Seconds that one schedule may take: most take a quarter of one.
MOST_SECONDS = 120
HERE = "us-east-1"
OTHERS = ("eu-west-1", "ap-southeast-2")
ZONES = [f"{HERE}{zone}" for zone in "abc"]
#: Refusals that a schedule may meet; any other is a fault of ours.
EXPECTED = {
    "InternalServerError",
    "ServiceUnavailable",
    "LimitExceededException",
    "PointInTimeRecoveryUnavailableException",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "ResourceInUseException",
    "ResourceNotFoundException",
    "TableAlreadyExistsException",
    "TableNotFoundException",
    "BackupInUseException",
    "ContinuousBackupsUnavailableException",
    "InvalidRestoreTimeException",
    "TransactionCanceledException",
    "TransactionConflictException",
    "ThrottlingException",
    "ValidationException",
}


class Schedule:
    """One world, a table in it, and for every key the values that it may hold."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        timings = self.random.choice([ddbha.Timings.instant(), ddbha.Timings.aws()])
        self.world = ddbha.World(
            seed=seed,
            clock=ddbha.ManualClock("2026-01-01T00:00:00Z"),
            timings=timings,
            leader_lease=self.random.choice([0, 1.5, 5]),
            open_outcomes=self.random.random() < 0.5,
            history=True,
        )
        once = Config(retries={"total_max_attempts": 1})
        self.client: Any = self.world.client("dynamodb", region_name=HERE, config=once)
        self.may_hold: dict[str, set[str | None]] = {}
        #: What was written in other regions: a deletion of what has not arrived leaves it.
        self.elsewhere: dict[str, set[str | None]] = {}
        self.made = 0
        stream: Any = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        self.client.create_table(TableName="tab", **of_units(500, 500, "id"), StreamSpecification=stream)
        self.world.clock.advance(seconds=60)
        self.client.update_time_to_live(
            TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
        )
        self.client.update_continuous_backups(
            TableName="tab", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )

    def run(self, steps: int) -> None:
        often: list[Callable[[], None]] = [self.put, self.delete, self.transact, self.wait]
        seldom: list[Callable[[], None]] = [
            self.expiring,
            self.outage,
            self.cut,
            self.region_cut,
            self.node_outage,
            self.region_outage,
            self.grey_failure,
            self.zonal_shift,
            self.lag,
            self.slow_transaction,
            self.capacity,
            self.split,
            self.index,
            self.replica,
            self.backup,
            self.plan,
            self.restore,
            self.restore_to_now,
            self.write_there,
            self.leave,
        ]
        for _ in range(steps):
            step = self.random.choice(often if self.random.random() < 0.6 else seldom)
            try:
                step()
            except ClientError as error:
                if error.response["Error"]["Code"] not in EXPECTED:
                    raise
            except BotoCoreError:
                pass  # the region cannot be reached
            except (UsageError, InternalServerError):
                pass  # a partition too small to split, or without a leader
        self.settle()

    def settle(self) -> None:
        """Without faults and with time, everything is as it was told."""
        self.world.faults.end_all()
        self.world.clock.advance(hours=12)
        assert self.world.events.of("defect") == []
        unsettled = [line for region in (HERE, *OTHERS) for line in self.unsettled(region)]
        assert not unsettled, "\n".join(unsettled)
        for region in self.replicas():
            assert self.indexes(region) == self.indexes(HERE), region
        for key, values in sorted(self.may_hold.items()):
            item = self.client.get_item(TableName="tab", Key={"id": {"S": key}}, ConsistentRead=True).get(
                "Item"
            )
            found = item["v"]["S"] if item else None
            assert found in values, f"{key} holds {found}, it may hold {values}"
        self.world.verify()

    def unsettled(self, region: str) -> Iterator[str]:
        """What is still being made, changed or removed in a region."""
        client: Any = self.world.client("dynamodb", region_name=region)
        for name in client.list_tables()["TableNames"]:
            table = client.describe_table(TableName=name)["Table"]
            parts = {
                "table": table["TableStatus"],
                **{i["IndexName"]: i["IndexStatus"] for i in table.get("GlobalSecondaryIndexes", ())},
                **{r["RegionName"]: r["ReplicaStatus"] for r in table.get("Replicas", ())},
            }
            wrong = {part: status for part, status in parts.items() if status != "ACTIVE"}
            if wrong:
                yield f"{region} {name}: {wrong}"

    def replicas(self) -> set[str]:
        """The other regions of the table."""
        found = self.client.describe_table(TableName="tab")["Table"].get("Replicas", ())
        return {replica["RegionName"] for replica in found}

    def indexes(self, region: str) -> set[str]:
        """The indexes of the table in a region."""
        client: Any = self.world.client("dynamodb", region_name=region)
        found = client.describe_table(TableName="tab")["Table"].get("GlobalSecondaryIndexes", ())
        return {index["IndexName"] for index in found}

    def write(self, values: dict[str, str | None], ask: Callable[[], Any]) -> None:
        """A write that sets all keys; one that was not acknowledged may have been done or not."""
        before = {key: self.may_hold.get(key, {None}) for key in values}
        self.may_hold.update({key: before[key] | {value} for key, value in values.items()})
        ask()
        for key, value in values.items():
            self.may_hold[key] = {value} if value else {None, *self.elsewhere.get(key, ())}

    def key(self) -> str:
        return f"k{self.random.randrange(12)}"

    def value(self) -> str:
        self.made += 1
        return str(self.made)

    def put(self) -> None:
        key, value = self.key(), self.value()
        item = {"id": {"S": key}, "v": {"S": value}, "group": {"S": value[-1]}}
        self.write({key: value}, lambda: self.client.put_item(TableName="tab", Item=item))

    def delete(self) -> None:
        key = self.key()
        self.write({key: None}, lambda: self.client.delete_item(TableName="tab", Key={"id": {"S": key}}))

    def transact(self) -> None:
        values: dict[str, str | None] = {self.key(): self.value() for _ in range(3)}
        puts = [
            {"Put": {"TableName": "tab", "Item": {"id": {"S": key}, "v": {"S": value}}}}
            for key, value in values.items()
        ]
        self.write(values, lambda: self.client.transact_write_items(TransactItems=puts))

    def expiring(self) -> None:
        at = int(self.world.clock.time() + self.random.randrange(300))
        item = {"id": {"S": f"expiring{self.random.randrange(5)}"}, "expires": {"N": str(at)}}
        self.client.put_item(TableName="tab", Item=item)

    def wait(self) -> None:
        self.world.clock.advance(seconds=self.random.choice([0.1, 1, 1.5, 5, 61, 400]))

    def outage(self) -> None:
        self.world.faults.zone_outage(self.random.choice(ZONES), **self.when())

    def cut(self) -> None:
        one, other = self.random.sample(ZONES, 2)
        self.world.faults.zone_cut(one, other, **self.when())

    def region_cut(self) -> None:
        one, other = self.random.sample([HERE, *OTHERS], 2)
        self.world.faults.network_cut(one, other, **self.when())

    def node_outage(self) -> None:
        partition = self.random.randrange(len(self.world.table("tab").partitions))
        zone = self.random.choice(ZONES)
        when = {"duration": self.when()["duration"]}
        self.world.faults.node_outage(zone, table="tab", partition=partition, **when)

    def region_outage(self) -> None:
        self.world.faults.region_outage(self.random.choice([HERE, *OTHERS]), **self.when())

    def grey_failure(self) -> None:
        place = self.random.choice([*ZONES, HERE, *OTHERS])
        share, latency = self.random.choice([0, 0.5]), self.random.choice([0, 2, 90])
        self.world.faults.grey_failure(place, share=share, latency=latency, rise=0, **self.when())

    def zonal_shift(self) -> None:
        shift = self.random.choice([self.world.faults.zonal_shift, self.world.faults.zonal_autoshift])
        shift(self.random.choice(ZONES), **self.when())

    def lag(self) -> None:
        seconds = self.random.choice([1, 30])
        if self.random.random() < 0.5:
            self.world.faults.follower_lag(self.random.choice(ZONES), seconds=seconds, **self.when())
        else:
            one, other = self.random.sample([HERE, *OTHERS], 2)
            self.world.faults.replication_lag(one, other, seconds=seconds, **self.when())

    def slow_transaction(self) -> None:
        seconds = self.random.choice([1, 90])
        with self.world.faults.slow_transaction(seconds=seconds, times=1):
            self.transact()

    def when(self) -> Any:
        return {
            "after": self.random.choice([0, 1, 30]),
            "duration": self.random.choice([0.5, 2, 60, 900]),
        }

    def capacity(self) -> None:
        units = self.random.choice([300, 2000, 4000])
        throughput = {"ReadCapacityUnits": units, "WriteCapacityUnits": units}
        self.client.update_table(TableName="tab", ProvisionedThroughput=throughput)

    def split(self) -> None:
        self.random.choice(self.world.table("tab").partitions).split()

    def index(self) -> None:
        change: dict[str, Any] = {
            "Create": {
                **index_on("by-group", "group"),
                "ProvisionedThroughput": {"ReadCapacityUnits": 500, "WriteCapacityUnits": 500},
            }
        }
        if self.random.random() < 0.4:
            change = {"Delete": {"IndexName": "by-group"}}
        self.client.update_table(
            TableName="tab",
            AttributeDefinitions=[
                {"AttributeName": "id", "AttributeType": "S"},
                {"AttributeName": "group", "AttributeType": "S"},
            ],
            GlobalSecondaryIndexUpdates=[change],
        )

    def replica(self) -> None:
        what = self.random.choice(["Create", "Create", "Delete"])
        self.client.update_table(TableName="tab", BillingMode="PAY_PER_REQUEST")
        self.client.update_table(
            TableName="tab", ReplicaUpdates=[{what: {"RegionName": self.random.choice(OTHERS)}}]
        )

    def write_there(self) -> None:
        """A write in another region, which wins over what it does not know of."""
        key, value = self.key(), self.value()
        there: Any = self.world.client("dynamodb", region_name=self.random.choice(OTHERS))
        self.may_hold[key] = self.may_hold.get(key, {None}) | {value}
        self.elsewhere.setdefault(key, set()).add(value)
        there.put_item(TableName="tab", Item={"id": {"S": key}, "v": {"S": value}})

    def leave(self) -> None:
        there: Any = self.world.client("dynamodb", region_name=self.random.choice(OTHERS))
        there.delete_table(TableName="tab")

    def plan(self) -> None:
        """Backups of the table for some hours, and copies of them."""
        there = self.world.backup_vault(region=self.random.choice(OTHERS))
        plan = self.world.backup_plan(
            "rate(20 minutes)", table="tab", delete_after_days=0.5, copy_to=[there]
        )
        self.world.engine.environment.later(7200, plan.end)

    def backup(self) -> None:
        self.client.create_backup(TableName="tab", BackupName=f"backup-{self.value()}")

    def restore(self) -> None:
        backups = self.client.list_backups()["BackupSummaries"]
        if backups:
            arn = self.random.choice(backups)["BackupArn"]
            self.client.restore_table_from_backup(BackupArn=arn, TargetTableName=f"tab{self.value()}")

    def restore_to_now(self) -> None:
        self.client.restore_table_to_point_in_time(
            SourceTableName="tab", TargetTableName=f"tab{self.value()}", UseLatestRestorableTime=True
        )


def run(seed: int, steps: int) -> None:
    """One schedule; `TimeoutError` if it has no end."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"{MOST_SECONDS} s were not enough")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(MOST_SECONDS)
    try:
        Schedule(seed).run(steps)
    finally:
        signal.alarm(0)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--count", type=int, default=10_000)
    asked.add_argument("--steps", type=int, default=60)
    given = asked.parse_args()
    print(f"seeds {given.first} to {given.first + given.count - 1}, {given.steps} steps each", flush=True)
    failed = []
    slowest = 0.0, given.first
    began = time.monotonic()
    for done, seed in enumerate(range(given.first, given.first + given.count), 1):
        at = time.monotonic()
        try:
            run(seed, given.steps)
        except Exception:
            failed.append(seed)
            print(f"seed {seed}\n{traceback.format_exc()}", flush=True)
        now = time.monotonic()
        slowest = max(slowest, (now - at, seed))
        if done % 100 == 0 or done == given.count:
            print(
                f"{done} of {given.count} in {now - began:.0f} s, {len(failed)} failed; "
                f"the slowest, seed {slowest[1]}, took {slowest[0]:.1f} s",
                flush=True,
            )
    print(f"{given.count - len(failed)} of {given.count} passed; failed: {failed}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
