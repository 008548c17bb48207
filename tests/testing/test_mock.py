"""`ddbha.mock` in its three forms."""

from __future__ import annotations

import inspect
import threading
import unittest
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from ddbha.clock import ManualClock, Timings
from ddbha.errors import UsageError
from ddbha.testing.mock import active_world, mock
from ddbha.world import World
from tests.building import on_demand
from tests.sealed import no_aws_environment, no_network_and_no_waiting  # noqa: F401

ORIGINALS = {
    (owner, name): vars(owner).get(name)
    for owner in (BaseClient, botocore.session.Session)
    for name in ("_make_api_call", "get_waiter", "create_client", "__init_subclass__")
}


@pytest.fixture(autouse=True)
def nothing_leaks() -> Any:
    yield
    for (owner, name), original in ORIGINALS.items():
        assert vars(owner).get(name) is original


def plain_client(**options: Any) -> Any:
    return boto3.Session().client("dynamodb", region_name="us-east-1", **options)


def make_table(client: Any, name: str = "orders") -> None:
    client.create_table(TableName=name, **on_demand("pk"))


def tables(client: Any) -> list[str]:
    names: list[str] = client.list_tables()["TableNames"]
    return names


def keyed_client(**options: Any) -> Any:
    return plain_client(aws_access_key_id="x", aws_secret_access_key="y", **options)


def refused_by_network(client: Any) -> bool:
    """Whether a call leaves the process; the fixtures see to it that it does not get far."""
    with pytest.raises(HTTPClientError, match="network"):
        client.list_tables()
    return True


#: As code under test has it.
at_import = keyed_client(config=Config(retries={"total_max_attempts": 1}))


def test_clients_made_before_or_inside_reach_the_world() -> None:
    with mock() as world:
        make_table(plain_client())
        assert tables(at_import) == ["orders"]
        assert tables(world.client("dynamodb")) == ["orders"]
        resource = boto3.resource("dynamodb", region_name="us-east-1")
        assert [table.name for table in resource.tables.all()] == ["orders"]
        assert tables(botocore.session.get_session().create_client("dynamodb", "us-east-1")) == ["orders"]


def test_after_the_end_clients_go_to_the_network() -> None:
    with mock():
        inside = plain_client(config=Config(retries={"total_max_attempts": 1}))
        assert tables(inside) == []
    assert refused_by_network(inside)
    assert refused_by_network(at_import)
    assert "_ddbha_transports" not in vars(at_import)


def test_an_exception_ends_it_too() -> None:
    with pytest.raises(ZeroDivisionError), mock():
        raise ZeroDivisionError
    assert refused_by_network(at_import)


def test_the_innermost_mock_has_the_calls() -> None:
    with mock() as outer:
        make_table(at_import, "outer")
        with mock() as inner:
            assert inner is not outer
            assert active_world() is inner
            assert tables(at_import) == []
            make_table(at_import, "inner")
        assert active_world() is outer
        assert tables(at_import) == ["outer"]
    with pytest.raises(UsageError, match="No mock is active"):
        active_world()


def test_mocks_may_end_in_another_order() -> None:
    first, second = mock(), mock()
    first.__enter__()
    inner = second.__enter__()
    first.__exit__()
    assert active_world() is inner
    second.__exit__()


def test_a_mock_may_be_entered_again() -> None:
    again = mock(seed=5)
    with again as first:
        make_table(at_import)
    with again as second:
        assert tables(at_import) == []
        with again as third:
            assert active_world() is third
        assert active_world() is second
    assert first is not second
    assert (first.seed, second.seed) == (5, 5)


def test_a_given_world_is_used() -> None:
    world = World()
    for _ in range(2):
        with mock(world) as entered:
            assert entered is world
            if not tables(at_import):
                make_table(at_import)
    assert tables(world.client("dynamodb")) == ["orders"]


def test_clients_of_a_world_stay_with_it() -> None:
    world = World()
    own = world.client("dynamodb")
    make_table(own)
    with mock():
        assert tables(own) == ["orders"]
        assert tables(world.client("dynamodb")) == ["orders"]
        assert tables(at_import) == []


def test_other_services_are_left_alone() -> None:
    options: Any = {"aws_access_key_id": "x", "aws_secret_access_key": "y", "region_name": "us-east-1"}
    queues = boto3.client("sqs", config=Config(retries={"total_max_attempts": 1}), **options)
    with mock(), pytest.raises(HTTPClientError, match="network"):
        queues.list_queues()


def test_region_and_account_are_the_clients() -> None:
    with mock():
        make_table(plain_client())
        other_account = plain_client(aws_access_key_id="111122223333", aws_secret_access_key="x")
        other_region = boto3.client("dynamodb", region_name="eu-west-1")
        assert tables(other_account) == []
        assert tables(other_region) == []
        assert tables(keyed_client()) == ["orders"]
        arn = plain_client().describe_table(TableName="orders")["Table"]["TableArn"]
        assert arn == "arn:aws:dynamodb:us-east-1:123456789012:table/orders"


def test_the_account_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111122223333")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with mock() as world:
        make_table(plain_client())
        assert tables(world.client("dynamodb")) == []
        assert tables(world.client("dynamodb", account_id="111122223333")) == ["orders"]


def test_threads_started_inside_are_served() -> None:
    seen: list[Any] = []
    with mock():
        make_table(at_import)
        threads = [threading.Thread(target=lambda: seen.append(tables(at_import))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == [["orders"]] * 4


def test_many_threads_may_enter_and_leave() -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                with mock(seed=1):
                    at_import.list_tables()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_waiters_and_back_off_are_on_the_worlds_clock() -> None:
    clock = ManualClock()
    with mock(clock=clock, timings=Timings.aws()):
        client = plain_client()
        before = clock.time()
        make_table(client)
        waiter = client.get_waiter("table_exists")
        waiter.wait(TableName="orders")
        assert clock.time() == before + 20
        resource = boto3.resource("dynamodb", region_name="us-east-1")
        resource.Table("orders").wait_until_exists()


def test_errors_are_those_of_the_client() -> None:
    with mock(), pytest.raises(at_import.exceptions.ResourceNotFoundException):
        at_import.describe_table(TableName="none")


def test_calls_below_the_clients_methods_are_served() -> None:
    # As PynamoDB calls.
    with mock():
        assert at_import._make_api_call("ListTables", {})["TableNames"] == []


def test_whoever_wraps_the_method_meanwhile_keeps_the_wrap(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock(), monkeypatch.context() as patch:
        served = BaseClient._make_api_call  # type: ignore[attr-defined]
        seen: list[str] = []

        def wrapped(self: Any, name: str, params: Any) -> Any:
            seen.append(name)
            return served(self, name, params)

        patch.setattr(BaseClient, "_make_api_call", wrapped)
        assert tables(at_import) == []
        assert seen == ["ListTables"]


def test_pynamodb_models_are_served() -> None:
    pynamodb_models = pytest.importorskip("pynamodb.models")
    attributes = pytest.importorskip("pynamodb.attributes")

    class Order(pynamodb_models.Model):  # type: ignore[misc, name-defined]
        class Meta:
            table_name = "orders"
            region = "us-east-1"

        pk = attributes.UnicodeAttribute(hash_key=True)

    with mock() as world:
        assert not Order.exists()
        Order.create_table(billing_mode="PAY_PER_REQUEST", wait=True)
        assert Order.exists()
        assert tables(world.client("dynamodb")) == ["orders"]


def test_moto_keeps_the_other_services(monkeypatch: pytest.MonkeyPatch) -> None:
    moto = pytest.importorskip("moto")
    with moto.mock_aws(), mock() as world:
        make_table(plain_client())
        assert tables(world.client("dynamodb")) == ["orders"]
        assert boto3.client("sts", region_name="us-east-1").get_caller_identity()["Account"]
    with moto.mock_aws():
        assert tables(plain_client()) == []


# -- Decorators -------------------------------------------------------------------------------------


@mock
def test_decorates_functions() -> None:
    assert tables(at_import) == []
    make_table(at_import)


@mock(seed=3)
def test_decorates_with_arguments() -> None:
    assert active_world().seed == 3


def test_every_call_of_a_decorated_function_has_a_new_world() -> None:
    @mock
    def count() -> int:
        make_table(at_import, f"t-{len(tables(at_import))}-x")
        return len(tables(at_import))

    assert [count(), count()] == [1, 1]


def test_decorated_functions_keep_name_and_signature() -> None:
    @mock
    def function(a: int, *, b: int = 2) -> int:
        """Adds."""
        return a + b

    assert function(1, b=3) == 4
    assert (function.__name__, function.__doc__) == ("function", "Adds.")
    assert list(inspect.signature(function).parameters) == ["a", "b"]


@mock
@pytest.mark.parametrize("name", ["first", "second"])
def test_decorates_parametrized_tests(name: str, tmp_path: Any) -> None:
    assert tables(at_import) == []
    make_table(at_import, name)


@mock
@pytest.mark.asyncio
async def test_decorates_coroutines() -> None:
    assert tables(at_import) == []
    make_table(at_import)


@pytest.fixture
@mock(seed=7)
def table_of_fixture() -> Any:
    make_table(at_import, "of-fixture")
    yield "of-fixture"
    assert tables(at_import) == ["of-fixture"]


def test_decorates_fixtures(table_of_fixture: str) -> None:
    assert active_world().seed == 7
    assert tables(at_import) == [table_of_fixture]


@pytest.mark.asyncio
async def test_decorates_async_generators() -> None:
    @mock
    async def names() -> Any:
        make_table(at_import)
        yield tables(at_import)

    assert [name async for name in names()] == [["orders"]]


@mock
class TestUnittest(unittest.TestCase):
    def setUp(self) -> None:
        make_table(at_import)
        self.addCleanup(make_table, at_import, "of-cleanup")

    def test_first(self) -> None:
        make_table(at_import, "second")

    def test_second(self) -> None:
        assert tables(at_import) == ["orders"]
        make_table(at_import, "second")

    def tearDown(self) -> None:
        assert tables(at_import) == ["orders", "second"]


@mock
class TestAsyncUnittest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        make_table(at_import)

    async def test_is_set_up(self) -> None:
        assert tables(at_import) == ["orders"]


@mock(seed=9)
class TestPlainClass:
    def test_first(self) -> None:
        make_table(at_import)
        assert active_world().seed == 9

    def test_second(self) -> None:
        assert tables(at_import) == []

    @pytest.mark.asyncio
    async def test_third(self) -> None:
        assert tables(at_import) == []

    @staticmethod
    def helper() -> str:
        return "untouched"

    def test_helper(self) -> None:
        assert self.helper() == "untouched"


@mock
class TestPlainClassWithSetup:
    def setup_method(self, method: Any) -> None:
        make_table(at_import, method.__name__)

    def test_first(self) -> None:
        assert tables(at_import) == ["test_first"]

    def test_second(self) -> None:
        assert tables(at_import) == ["test_second"]

    def teardown_method(self) -> None:
        assert len(tables(at_import)) == 1


def test_a_failing_setup_ends_the_mock() -> None:
    @mock
    class Broken:
        def setup_method(self) -> None:
            raise ZeroDivisionError

    broken: Any = Broken()
    with pytest.raises(ZeroDivisionError):
        broken.setup_method()


def test_misuse_is_explained() -> None:
    wrong: Any = mock
    with pytest.raises(UsageError, match="not 'x'"):
        wrong("x")
    with pytest.raises(UsageError, match="not both"):
        wrong(World(), seed=1)


def test_client_errors_have_their_operation() -> None:
    with mock(), pytest.raises(ClientError) as caught:
        at_import.describe_table(TableName="none")
    assert caught.value.operation_name == "DescribeTable"


def test_a_mock_is_started_and_stopped() -> None:
    """As set-up and tear-down methods of unittest do it."""
    started = mock()
    world = started.start()
    try:
        make_table(plain_client())
        assert world.table("orders").name == "orders"
    finally:
        started.stop()
    with pytest.raises(UsageError, match="not started"):
        started.stop()
