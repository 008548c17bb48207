"""Two clients, and faults between their requests: the checker has the last word."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import ddbha
from tests.building import on_demand

ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
ITEMS = st.sampled_from("abcd")
WHO = st.sampled_from([0, 1])
NUMBERS = st.integers(0, 3)
ZONES = st.sampled_from(["us-east-1a", "us-east-1b", "us-east-1c"])
SECONDS = st.sampled_from([0.5, 3, 20])
#: Outcomes that nobody knows make the search of the checker long: few are enough.
MAXIMUM_UNKNOWN = 3


def key(item: str) -> dict[str, Any]:
    return {"id": {"S": item}}


def few_unknown(machine: Any) -> bool:
    return bool(machine.unknown < MAXIMUM_UNKNOWN)


class ClientsAndFaults(RuleBasedStateMachine):
    """What clients were told has to fit whatever happened to the zones meanwhile."""

    @initialize(seed=st.integers(0, 1000), stale_reads=st.sampled_from([0.0, 5.0]))
    def begin(self, seed: int, stale_reads: float) -> None:
        note(f"seed={seed} stale_reads={stale_reads}")
        self.world = ddbha.World(
            seed=seed, clock=ddbha.ManualClock(), history=True, stale_reads=stale_reads
        )
        self.clients = [
            self.world.client("dynamodb", region_name="us-east-1", config=ONCE) for _ in range(2)
        ]
        self.unknown = 0
        self.clients[0].create_table(TableName="tab", **on_demand("id"))

    def ask(self, who: int, operation: str, **request: Any) -> None:
        # Refusals and lost answers are in the history, which is what is checked.
        try:
            getattr(self.clients[who], operation)(**request)
        except ClientError as error:
            # Whether it was done is known only if the client is to blame.
            self.unknown += error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
        except BotoCoreError:
            self.unknown += 1
        if self.unknown >= MAXIMUM_UNKNOWN:
            self.world.faults.end_all()

    @rule(who=WHO, item=ITEMS, number=NUMBERS)
    def put(self, who: int, item: str, number: int) -> None:
        self.ask(who, "put_item", TableName="tab", Item={**key(item), "n": {"N": str(number)}})

    @rule(who=WHO, item=ITEMS, number=NUMBERS)
    def put_if_new_or_less(self, who: int, item: str, number: int) -> None:
        self.ask(
            who,
            "put_item",
            TableName="tab",
            Item={**key(item), "n": {"N": str(number)}},
            ConditionExpression="attribute_not_exists(id) OR n < :n",
            ExpressionAttributeValues={":n": {"N": str(number)}},
        )

    @rule(who=WHO, item=ITEMS)
    def count(self, who: int, item: str) -> None:
        self.ask(
            who,
            "update_item",
            TableName="tab",
            Key=key(item),
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
            ReturnValues="UPDATED_NEW",
        )

    @rule(who=WHO, item=ITEMS)
    def delete(self, who: int, item: str) -> None:
        self.ask(who, "delete_item", TableName="tab", Key=key(item), ReturnValues="ALL_OLD")

    @rule(who=WHO, items=st.lists(ITEMS, min_size=2, max_size=3, unique=True), number=NUMBERS)
    def write_together(self, who: int, items: list[str], number: int) -> None:
        puts = [
            {"Put": {"TableName": "tab", "Item": {**key(item), "n": {"N": str(number)}}}}
            for item in items
        ]
        self.ask(who, "transact_write_items", TransactItems=puts)

    @rule(who=WHO, items=st.lists(ITEMS, min_size=1, max_size=3, unique=True))
    def read_together(self, who: int, items: list[str]) -> None:
        gets = [{"Get": {"TableName": "tab", "Key": key(item)}} for item in items]
        self.ask(who, "transact_get_items", TransactItems=gets)

    @rule(who=WHO, item=ITEMS, consistent=st.booleans())
    def read(self, who: int, item: str, consistent: bool) -> None:
        self.ask(who, "get_item", TableName="tab", Key=key(item), ConsistentRead=consistent)

    @precondition(few_unknown)
    @rule(zone=ZONES, seconds=SECONDS)
    def lose_a_zone(self, zone: str, seconds: float) -> None:
        self.world.faults.zone_outage(zone, duration=seconds)

    @precondition(few_unknown)
    @rule(zone=ZONES, number=st.integers(0, 3), seconds=SECONDS)
    def lose_a_node(self, zone: str, number: int, seconds: float) -> None:
        partitions = len(self.world.table("tab").partitions)
        self.world.faults.node_outage(zone, table="tab", partition=number % partitions, duration=seconds)

    @precondition(few_unknown)
    @rule(zones=st.lists(ZONES, min_size=2, max_size=2, unique=True), seconds=SECONDS)
    def cut_zones(self, zones: list[str], seconds: float) -> None:
        self.world.faults.zone_cut(*zones, duration=seconds)

    @rule(zone=ZONES, seconds=SECONDS)
    def leave_a_zone(self, zone: str, seconds: float) -> None:
        # Not while there is no quorum without it.
        with suppress(ddbha.errors.UsageError):
            self.world.faults.zonal_shift(zone, duration=seconds)

    @rule(zone=ZONES, lag=SECONDS, seconds=SECONDS)
    def lag(self, zone: str, lag: float, seconds: float) -> None:
        self.world.faults.follower_lag(zone, seconds=lag, duration=seconds)

    @rule(item=ITEMS)
    def split(self, item: str) -> None:
        table = self.world.table("tab")
        if len(table.partitions) < 8:
            # A partition without items to divide, or without a quorum, stays whole.
            with suppress(ddbha.errors.UsageError, ddbha.errors.InternalServerError):
                table.partitions[ord(item) % len(table.partitions)].split()

    @precondition(few_unknown)
    @rule(code=st.sampled_from(["InternalServerError", "ThrottlingException"]))
    def refuse_one(self, code: Any) -> None:
        self.world.faults.error(code, table="tab", times=1, duration=5)

    @precondition(few_unknown)
    @rule(after_commit=st.booleans())
    def lose_an_answer(self, after_commit: bool) -> None:
        self.unknown += 1
        self.world.faults.timeout(table="tab", times=1, after_commit=after_commit, duration=5)

    @precondition(few_unknown)
    @rule(seconds=SECONDS)
    def slow_down_a_transaction(self, seconds: float) -> None:
        self.unknown += 1
        self.world.faults.slow_transaction(seconds=seconds, table="tab", times=1, duration=5)

    @rule(seconds=SECONDS)
    def let_time_pass(self, seconds: float) -> None:
        self.world.clock.sleep(seconds)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.faults.end_all()
            self.world.clock.sleep(60)
            self.world.verify()


TestClientsAndFaults = ClientsAndFaults.TestCase
TestClientsAndFaults.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
