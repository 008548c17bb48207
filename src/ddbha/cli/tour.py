"""The guided run: unmodified boto3 code lives through what happens to a highly available table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
from attrs import define

from ddbha.cli.terminal import say, title, topology
from ddbha.clock import ManualClock
from ddbha.testing.mock import mock
from ddbha.world import World

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "orders"
ORDERS = 200
HOME, AWAY = "us-east-1", "eu-west-1"

#: What an installed ddbha has to go on with.
GO_ON = {
    "ddbha serve": "an HTTP endpoint, and the console at http://localhost:8000/console/",
    "ddbha options": "what each option of high availability is worth for a workload, measured",
    "ddbha doctor": "which operations there are, and what is installed",
    "pytest --ddbha-resilience": "your own tests again, under each kind of fault",
    "python -m pydoc ddbha.World": "what a world has; likewise ddbha.mock and ddbha.explore",
}


def run() -> None:
    """Print the tour."""
    world = World(seed=1, clock=ManualClock())
    with mock(world):
        tour = Tour(
            world,
            boto3.client("dynamodb", region_name=HOME),
            boto3.client("dynamodb", region_name=AWAY),
        )
        for number, (heading, step) in enumerate(tour.steps(), start=1):
            title(f"{number}. {heading}")
            step()
    title("Go on")
    width = max(map(len, GO_ON))
    for command, about in GO_ON.items():
        say(f"  {command:{width}}  {about}")


@define
class Tour:
    """The steps, and the two regions whose clients take them."""

    world: World
    home: DynamoDBClient
    away: DynamoDBClient

    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        """Headings and what happens under them, in order."""
        return [
            ("Ordinary boto3 code creates a table and writes", self.create),
            ("A zone is lost: another one takes over", self.lose_one_zone),
            ("Two zones are lost: no quorum, so no writes", self.lose_two_zones),
            ("Both zones return: everything acknowledged is there", self.return_zones),
            ("More capacity is provisioned: the table scales out", self.scale_out),
            ("A second region: the table becomes a global table", self.go_global),
            ("The regions lose each other: they diverge, and merge", self.diverge),
            ("Backup and restore", self.back_up),
            ("Point-in-time restore: the second before the accident", self.rewind),
        ]

    def create(self) -> None:
        self.home.create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            ProvisionedThroughput={"ReadCapacityUnits": 500, "WriteCapacityUnits": 500},
        )
        self.home.get_waiter("table_exists").wait(TableName=TABLE)
        self._put_all("placed")
        say(f"{ORDERS} orders written. A partition has a leader (*) and two more replicas, one in each")
        say("zone; the number is the last record that each holds:")
        topology(self.world)

    def lose_one_zone(self) -> None:
        zone = self.world.table(TABLE, region=HOME).partitions[0].leader.zone
        with self.world.faults.zone_outage(zone):
            self._put_all("paid")
            say(f"{ORDERS} orders updated without {zone}, whose replica does not get them:")
            topology(self.world)
            elected = self.world.events.of("leader-elected")[-1].details
            say(f"Failover: {elected['zone']} was elected, and leads in term {elected['term']}.")
        say("The zone returns and fetches what it missed:")
        topology(self.world)

    def lose_two_zones(self) -> None:
        with self.world.faults.zone_outage("us-east-1a"), self.world.faults.zone_outage("us-east-1b"):
            topology(self.world)
            try:
                self._put(self.home, 0, "lost?")
            except self.home.exceptions.InternalServerError as error:
                retries = error.response["ResponseMetadata"]["RetryAttempts"]
                say(f"A write is refused after {retries} retries: {error}")
            say(f"An eventually consistent read still answers: {self._state(self.home, 0)}")

    def return_zones(self) -> None:
        paid = sum(self._state(self.home, number, consistent=True) == "paid" for number in range(ORDERS))
        self.world.verify()
        say(f"{paid} of {ORDERS} orders are paid, and world.verify() finds nothing wrong.")

    def scale_out(self) -> None:
        before = len(self.world.table(TABLE, region=HOME).partitions)
        self.home.update_table(
            TableName=TABLE,
            ProvisionedThroughput={"ReadCapacityUnits": 3000, "WriteCapacityUnits": 2000},
        )
        self.home.get_waiter("table_exists").wait(TableName=TABLE)
        after = len(self.world.table(TABLE, region=HOME).partitions)
        say("A partition takes 1000 writes or 3000 reads a second. For 2000 writes and 3000 reads the")
        say(f"table was split from {before} partition into {after}:")
        topology(self.world)

    def go_global(self) -> None:
        self.home.update_table(TableName=TABLE, BillingMode="PAY_PER_REQUEST")
        self.home.update_table(TableName=TABLE, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
        self.away.get_waiter("table_exists").wait(TableName=TABLE)
        self._put(self.home, 1, "shipped")
        say(f"An order written in {HOME} is read in {AWAY}: {self._state(self.away, 1)}")
        topology(self.world)

    def diverge(self) -> None:
        with self.world.faults.network_cut(HOME, AWAY):
            self._put(self.home, 2, "cancelled")
            self.world.clock.advance(seconds=1)
            self._put(self.away, 2, "delivered")
            say("While the network between them is cut, both take writes of the same order:")
            self._say_both(2)
        say("The network is back. The later write wins in both, as on AWS:")
        self._say_both(2)
        say("The timeline tells of the write that lost:")
        for event in self.world.events.of("write-conflict-resolved"):
            say(f"  {event}")
        self.world.verify()

    def back_up(self) -> None:
        backup = self.home.create_backup(TableName=TABLE, BackupName="nightly")["BackupDetails"]
        self._put(self.home, 3, "overwritten by mistake")
        self.home.restore_table_from_backup(
            TargetTableName="orders-restored", BackupArn=backup["BackupArn"]
        )
        self.home.get_waiter("table_exists").wait(TableName="orders-restored")
        say(f"The table now says:      {self._state(self.home, 3)}")
        say(f"The restored one says:   {self._state(self.home, 3, table='orders-restored')}")

    def rewind(self) -> None:
        self.home.update_continuous_backups(
            TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        self.world.clock.advance(days=3)
        self._put(self.home, 4, "refunded")
        self.world.clock.advance(hours=5)
        accident = self.world.clock.now()
        for number in range(ORDERS):
            self.home.delete_item(TableName=TABLE, Key=_key(number))
        self.world.clock.advance(minutes=10)
        self.home.restore_table_to_point_in_time(
            SourceTableName=TABLE,
            TargetTableName="orders-before",
            RestoreDateTime=accident - timedelta(seconds=1),
        )
        self.home.get_waiter("table_exists").wait(TableName="orders-before")
        say(f"All orders were deleted at {accident:%H:%M:%S}; the table has {self._count(TABLE)}.")
        say(f"Restored to one second before, there are {self._count('orders-before')}.")
        self.world.verify()
        topology(self.world)

    def _say_both(self, number: int) -> None:
        say(f"  {HOME}: {self._state(self.home, number)}")
        say(f"  {AWAY}: {self._state(self.away, number)}")

    def _put_all(self, state: str) -> None:
        for number in range(ORDERS):
            self._put(self.home, number, state)

    def _put(self, client: DynamoDBClient, number: int, state: str) -> None:
        client.put_item(TableName=TABLE, Item={**_key(number), "state": {"S": state}})

    def _state(
        self,
        client: DynamoDBClient,
        number: int,
        *,
        table: str = TABLE,
        consistent: bool = False,
    ) -> str:
        answer = client.get_item(TableName=table, Key=_key(number), ConsistentRead=consistent)
        return answer["Item"]["state"]["S"]

    def _count(self, table: str) -> int:
        return self.home.scan(TableName=table, Select="COUNT", ConsistentRead=True)["Count"]


def _key(number: int) -> dict[str, Any]:
    return {"id": {"S": f"order-{number}"}}
