"""Retry modes and waiters, all on the world's clock."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from ddbha import errors
from ddbha.clock import ManualClock, Timings
from ddbha.world import World
from tests.building import on_demand

THROTTLED = "ProvisionedThroughputExceededException"


def throttles(times: int) -> list[Exception | None]:
    return [errors.ProvisionedThroughputExceededException("slow") for _ in range(times)]


def client_with(world: World, **retries: Any) -> Any:
    return world.client("dynamodb", config=Config(retries=retries))  # type: ignore[call-overload,arg-type]


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_throttles_are_retried_with_back_off_on_the_worlds_clock(world: Any, mode: str) -> None:
    client = client_with(world, mode=mode, max_attempts=5)
    before = world.clock.time()
    world.outcomes = throttles(3)
    metadata = client.list_tables()["ResponseMetadata"]
    assert metadata["RetryAttempts"] == 3
    assert len(world.calls) == 4
    assert world.clock.time() > before


def test_legacy_mode_of_dynamodb_tries_ten_times(world: Any) -> None:
    client = client_with(world, mode="legacy")
    # The retry settings of botocore for DynamoDB: max_attempts 10, base 0.05 s, doubled each time.
    world.outcomes = throttles(50)
    before = world.clock.time()
    with pytest.raises(ClientError) as caught:
        client.list_tables()
    assert len(world.calls) == 10
    metadata: Any = caught.value.response["ResponseMetadata"]
    assert metadata["RetryAttempts"] == 9
    assert metadata["MaxAttemptsReached"] is True
    assert world.clock.time() - before == pytest.approx(0.05 * (2**9 - 1))


@pytest.mark.parametrize(("mode", "attempts"), [("legacy", 3), ("standard", 3), ("adaptive", 3)])
def test_max_attempts_is_obeyed(world: Any, mode: str, attempts: int) -> None:
    client = client_with(world, mode=mode, total_max_attempts=attempts)
    world.outcomes = throttles(50)
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException) as caught:
        client.list_tables()
    assert len(world.calls) == attempts
    assert caught.value.response["ResponseMetadata"]["MaxAttemptsReached"] is True


@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_errors_of_the_caller_are_not_retried(world: Any, mode: str) -> None:
    client = client_with(world, mode=mode)
    world.outcomes = [errors.ConditionalCheckFailedException()]
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.list_tables()
    assert len(world.calls) == 1


def test_standard_mode_has_a_quota_for_each_client(world: Any) -> None:
    # 500 tokens, 5 for a retry: a hundred retries of one client, and not one more.
    client = client_with(world, mode="standard", total_max_attempts=200)
    world.outcomes = throttles(150)
    with pytest.raises(ClientError) as caught:
        client.list_tables()
    assert len(world.calls) == 101
    metadata: Any = caught.value.response["ResponseMetadata"]
    assert metadata["RetryQuotaReached"] is True
    other = client_with(world, mode="standard", total_max_attempts=3)
    world.outcomes = throttles(1)
    assert other.list_tables()["ResponseMetadata"]["RetryAttempts"] == 1


def test_adaptive_mode_slows_down_by_the_worlds_clock(world: Any) -> None:
    client = client_with(world, mode="adaptive", total_max_attempts=4)
    for _ in range(20):
        client.list_tables()
        world.clock.advance(seconds=0.1)
    world.outcomes = throttles(2)
    client.list_tables()
    before = world.clock.time()
    for _ in range(30):
        client.list_tables()
    # Without a limit this would have taken no time of a clock that stands still.
    assert world.clock.time() > before + 1


@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_settings_of_the_environment_hold(world: Any, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world.client("dynamodb")
    monkeypatch.setenv("AWS_RETRY_MODE", mode)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    client = world.client("dynamodb")
    world.outcomes = throttles(20)
    with pytest.raises(ClientError):
        client.list_tables()
    assert len(world.calls) == 3


@pytest.mark.parametrize(
    ("kind", "raised"),
    [
        ("read_timeout", exceptions.ReadTimeoutError),
        ("connect_timeout", exceptions.ConnectTimeoutError),
        ("endpoint_connection", exceptions.EndpointConnectionError),
        ("connection_closed", exceptions.ConnectionClosedError),
    ],
)
@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_a_lost_answer_is_a_connection_error(world: Any, kind: str, raised: Any, mode: str) -> None:
    client = client_with(world, mode=mode, total_max_attempts=1)
    world.outcomes = [errors.NoAnswer(kind)]
    with pytest.raises(raised, match=r"https://dynamodb\.us-east-1\.amazonaws\.com/"):
        client.list_tables()
    assert len(world.calls) == 1


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
@pytest.mark.parametrize("kind", ["read_timeout", "endpoint_connection", "connection_closed"])
def test_lost_answers_are_retried(world: Any, kind: str, mode: str) -> None:
    client = client_with(world, mode=mode, total_max_attempts=3)
    world.outcomes = [errors.NoAnswer(kind), errors.NoAnswer(kind)]
    assert client.list_tables()["ResponseMetadata"]["RetryAttempts"] == 2


def test_handlers_may_ask_for_another_attempt_even_after_success(world: Any) -> None:
    client = client_with(world, mode="legacy")
    seen: list[Any] = []

    def once_more(attempts: int, response: Any, request_dict: Any, operation: Any, **_: Any) -> Any:
        http = response[0]
        seen.append(
            (attempts, http.status_code, operation.name, dict(request_dict["context"]["retries"]))
        )
        return 30 if attempts == 1 else None

    client.meta.events.register("needs-retry.dynamodb.ListTables", once_more)
    before = world.clock.time()
    assert client.list_tables()["ResponseMetadata"]["RetryAttempts"] == 1
    assert world.clock.time() == before + 30
    (first, *_, before_first), (second, *_, before_second) = seen
    assert (first, second) == (1, 2)
    assert (before_first["attempt"], before_second["attempt"]) == (1, 2)
    assert before_second["max"] == 10
    assert len(before_first["invocation-id"]) == 36
    assert before_first["invocation-id"] == before_second["invocation-id"]


def test_a_network_that_handlers_break_is_retried(client: Any, world: Any) -> None:
    def break_once(**_: Any) -> None:
        if not world.calls and not broken:
            broken.append(True)
            raise exceptions.EndpointConnectionError(endpoint_url="https://x")

    broken: list[bool] = []
    client.meta.events.register("before-send", break_once)
    assert client.list_tables()["ResponseMetadata"]["RetryAttempts"] == 1


# -- Waiters ----------------------------------------------------------------------------------------


@pytest.fixture
def slow_world() -> World:
    return World(clock=ManualClock(), timings=Timings.aws())


def make_table(client: Any) -> None:
    client.create_table(TableName="slow", **on_demand("pk"))


def test_waiters_wait_on_the_worlds_clock(slow_world: World) -> None:
    client: Any = slow_world.client("dynamodb")
    make_table(client)
    before = slow_world.clock.time()
    client.get_waiter("table_exists").wait(TableName="slow")
    # The table takes 4 s and the waiter polls every 20 s.
    assert slow_world.clock.time() - before == 20
    assert client.describe_table(TableName="slow")["Table"]["TableStatus"] == "ACTIVE"


def test_waiters_obey_their_configuration(slow_world: World) -> None:
    client: Any = slow_world.client("dynamodb")
    make_table(client)
    config = {"Delay": 1, "MaxAttempts": 3}
    before = slow_world.clock.time()
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        client.get_waiter("table_exists").wait(TableName="slow", WaiterConfig=config)
    assert slow_world.clock.time() - before == 2
    assert config == {"Delay": 1, "MaxAttempts": 3}
    client.get_waiter("table_exists").wait(TableName="slow", WaiterConfig={"Delay": 1})
    assert slow_world.clock.time() - before == 4


def test_resource_waiters_wait_on_the_worlds_clock(slow_world: World) -> None:
    resource: Any = slow_world.resource("dynamodb")
    table = resource.create_table(TableName="slow", **on_demand("pk"))
    table.wait_until_exists()
    table.reload()
    assert table.table_status == "ACTIVE"
    table.delete()
    table.wait_until_not_exists()
    with pytest.raises(resource.meta.client.exceptions.ResourceNotFoundException):
        table.reload()


def test_unknown_waiters_are_unknown(client: Any) -> None:
    with pytest.raises(ValueError, match="Waiter does not exist"):
        client.get_waiter("table_flies")
