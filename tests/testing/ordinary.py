"""Ordinary tests of the programs in examples/explore, written without a thought of faults.

`test_found_examples.py` hands them to `pytest --ddbha-resilience`; each is for the broken program and for
the fixed one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Event
from typing import Any
from unittest.mock import patch

import drawn_twice  # type: ignore[import-not-found]
import forgotten_settings  # type: ignore[import-not-found]
import lost_update  # type: ignore[import-not-found]
import pytest
import region_counter  # type: ignore[import-not-found]
import repeated_records  # type: ignore[import-not-found]
import retried_payment  # type: ignore[import-not-found]
import stale_read  # type: ignore[import-not-found]
import unconditional_lock  # type: ignore[import-not-found]
import unprocessed_items  # type: ignore[import-not-found]
from boto3.dynamodb.conditions import Attr
from botocore.config import Config

import ddbha
from ddbha.testing.resilience import Turns

PATIENT = Config(retries={"mode": "legacy"})
ONCE = Config(retries={"total_max_attempts": 1})


def one_after_the_other(*calls: Callable[[], Any]) -> list[Any]:
    """What calls return, each in a thread of its own, begun when the one before is done or held."""
    with ExitStack() as stack:
        futures: list[Future[Any]] = []
        for call in calls:
            moved_on = Event()
            with told_when_held(moved_on):
                futures.append(stack.enter_context(ThreadPoolExecutor(1)).submit(call))
                futures[-1].add_done_callback(partial(_tell, moved_on))
                moved_on.wait()
        return [future.result() for future in futures]


def _tell(moved_on: Event, _: Future[Any]) -> None:
    moved_on.set()


@contextmanager
def told_when_held(moved_on: Event) -> Iterator[None]:
    """Meanwhile an event is set when a request has to wait for other threads."""
    wait = Turns.wait

    def telling(turns: Turns, expected: int) -> None:
        moved_on.set()
        wait(turns, expected)

    with patch.object(Turns, "wait", telling):
        yield


def table(world: ddbha.World, name: str, key: str = "id", **more: Any) -> Any:
    resource: Any = world.resource("dynamodb", region_name="us-east-1", config=PATIENT)
    return resource.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )


@pytest.fixture
def accounts(ddbha_world: ddbha.World) -> Any:
    made = table(ddbha_world, "accounts")
    made.put_item(Item={"id": "alice", "balance": 100})
    return made


def balance(accounts: Any) -> Any:
    return accounts.get_item(Key={"id": "alice"}, ConsistentRead=True)["Item"]["balance"]


@pytest.mark.parametrize(
    "deposit",
    [
        pytest.param(lost_update.read_modify_write, id="broken"),
        pytest.param(lost_update.read_modify_write_on_condition, id="fixed"),
    ],
)
def test_deposits(accounts: Any, deposit: Callable[[Any, int], None]) -> None:
    one_after_the_other(*(partial(deposit, accounts, amount) for amount in (10, 20)))
    assert balance(accounts) == 130


@pytest.fixture
def locks(ddbha_world: ddbha.World) -> Any:
    return table(ddbha_world, "locks")


@pytest.mark.parametrize(
    "acquire",
    [
        pytest.param(unconditional_lock.look_and_take, id="broken"),
        pytest.param(unconditional_lock.take_if_free, id="fixed"),
    ],
)
def test_a_lock_has_one_holder(locks: Any, acquire: Callable[[Any, str], bool]) -> None:
    taken = one_after_the_other(*(partial(acquire, locks, owner) for owner in ("ann", "bob")))
    assert taken.count(True) == 1


@pytest.mark.parametrize(
    "pay",
    [pytest.param(retried_payment.pay, id="broken"), pytest.param(retried_payment.pay_once, id="fixed")],
)
def test_payments(ddbha_world: ddbha.World, accounts: Any, pay: Callable[[Any, str, int], None]) -> None:
    client = ddbha_world.client("dynamodb", region_name="us-east-1", config=PATIENT)
    pay(client, "payment-1", 5)
    pay(client, "payment-2", 7)
    assert balance(accounts) == 112


@pytest.mark.parametrize("consistent", [pytest.param(False, id="broken"), pytest.param(True, id="fixed")])
def test_a_cart(ddbha_world: ddbha.World, consistent: bool) -> None:
    carts = table(ddbha_world, "carts", "customer")
    carts.put_item(Item={"customer": "bob", "apples": 0})
    stale_read._shop(carts, "bob", consistent)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(unprocessed_items.write_once, id="broken"),
        pytest.param(unprocessed_items.write_until_done, id="fixed"),
    ],
)
def test_an_import(ddbha_world: ddbha.World, write: Callable[[Any], None]) -> None:
    orders = table(ddbha_world, "orders")
    write(ddbha_world.client("dynamodb", region_name="us-east-1", config=PATIENT))
    assert orders.scan(ConsistentRead=True)["Count"] == len(unprocessed_items.ORDERS)


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(region_counter.count_one_item, id="broken"),
        pytest.param(region_counter.count_own_item, id="fixed"),
    ],
)
def test_visits_of_two_regions(ddbha_world: ddbha.World, count: Callable[[Any, str], None]) -> None:
    visits = table(
        ddbha_world,
        "visits",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    visits.meta.client.update_table(
        TableName="visits", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}]
    )
    for region in region_counter.REGIONS:
        there: Any = ddbha_world.resource("dynamodb", region_name=region, config=PATIENT)
        count(there.Table("visits"), region)
    ddbha_world.clock.sleep(5)
    assert sum(int(item["visits"]) for item in visits.scan(ConsistentRead=True)["Items"]) == 2


@pytest.mark.parametrize(
    "handle",
    [
        pytest.param(repeated_records.add, id="broken"),
        pytest.param(repeated_records.add_once, id="fixed"),
    ],
)
def test_sales_add_up(ddbha_world: ddbha.World, handle: Callable[[Any, Any], None]) -> None:
    totals = table(ddbha_world, "totals")
    table(ddbha_world, "seen")
    client = ddbha_world.client("dynamodb", region_name="us-east-1", config=ONCE)
    records = [
        {"eventID": f"event-{number}", "dynamodb": {"NewImage": {"amount": {"N": "10"}}}}
        for number in range(3)
    ]
    while True:
        try:
            for record in records:
                handle(client, record)
        except repeated_records.TRANSIENT:
            # AWS Lambda hands a batch over again whose handler failed.
            continue
        break
    assert totals.get_item(Key={"id": "all"}, ConsistentRead=True)["Item"]["amount"] == 30


@pytest.mark.parametrize(
    "recover",
    [
        pytest.param(forgotten_settings.restore, id="broken"),
        pytest.param(forgotten_settings.restore_with_settings, id="fixed"),
    ],
)
def test_sessions_come_back(ddbha_world: ddbha.World, recover: Callable[[Any, str], None]) -> None:
    sessions = table(ddbha_world, "sessions", Tags=[{"Key": "backup", "Value": "daily"}])
    client = sessions.meta.client
    client.update_time_to_live(
        TableName="sessions", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    sessions.put_item(Item={"id": "a", "expires": int(ddbha_world.clock.time()) + 3600})
    backup = client.create_backup(TableName="sessions", BackupName="before")["BackupDetails"]
    recover(client, backup["BackupArn"])
    ddbha_world.clock.sleep(7 * 24 * 3600)
    assert client.scan(TableName="sessions-restored", ConsistentRead=True)["Count"] == 0


@pytest.mark.parametrize("checked", [pytest.param(False, id="broken"), pytest.param(True, id="fixed")])
def test_two_referees_draw_two_players(ddbha_world: ddbha.World, checked: bool) -> None:
    players: Any = ddbha_world.resource("dynamodb", region_name="us-east-1", config=PATIENT).create_table(
        TableName="players",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind} for name, kind in drawn_twice.TYPES.items()
        ],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[drawn_twice.BY_STATE],
        BillingMode="PAY_PER_REQUEST",
    )
    place = {"tournament": "winter", "region": "north", "state": "free"}
    for rating, name in enumerate(("ann", "bob")):
        players.put_item(Item={"id": name, "rating": rating, **place})
    ddbha_world.clock.sleep(3600)
    drawn: dict[str, str] = {}
    for referee in ("first", "second"):
        condition = Attr("state").eq("free") | Attr("referee").eq(referee) if checked else None
        drawn_twice._draw(players, referee, drawn, condition)
    assert len(set(drawn.values())) == len(drawn)
