"""`ddbha.mock` in its three forms."""

from __future__ import annotations

import inspect
import os
import threading
import unittest
from typing import Any, ClassVar

import boto3
import botocore.session
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.stub import Stubber

from ddbha.clock import ManualClock, Timings
from ddbha.errors import UsageError
from ddbha.testing.activation import innermost
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
    if innermost() is not None:
        # That of a class, which goes on.
        return
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
        with mock(World()) as inner:
            assert inner is not outer
            assert active_world() is inner
            assert tables(at_import) == []
            make_table(at_import, "inner")
        assert active_world() is outer
        assert tables(at_import) == ["outer"]
        with mock(seed=3):
            assert tables(at_import) == []
    with pytest.raises(UsageError, match="No mock is active"):
        active_world()


def test_a_mock_without_arguments_joins_the_one_around_it() -> None:
    """As moto's do: a fixture makes the tables, a decorated function finds them."""

    @mock
    def found() -> list[str]:
        return tables(at_import)

    with mock(seed=3) as outer:
        make_table(at_import)
        assert found() == ["orders"]
        with mock() as inner:
            assert inner is outer
            make_table(at_import, "second")
        assert tables(at_import) == ["orders", "second"]
    assert refused_by_network(at_import)


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


def other_client(service: Any) -> Any:
    options: Any = {"aws_access_key_id": "x", "aws_secret_access_key": "y", "region_name": "us-east-1"}
    made: Any = boto3.Session().client
    return made(service, config=Config(retries={"total_max_attempts": 1}), **options)


def test_other_services_reach_aws_no_more() -> None:
    queues, machines = other_client("sqs"), other_client("stepfunctions")
    with mock():
        with pytest.raises(UsageError, match=r"sqs.us-east-1.amazonaws.com .*passthrough=\['sqs'\]"):
            queues.list_queues()
        with pytest.raises(UsageError, match=r"passthrough=\['states'\]"):
            machines.list_state_machines()
        with pytest.raises(UsageError, match=r"passthrough=\['s3'\]"):
            other_client("s3").get_object(Bucket="photos", Key="1")
    with pytest.raises(HTTPClientError, match="network"):
        queues.list_queues()


@pytest.mark.parametrize("through", [["states", "sqs"], "sqs", "*", ["https://sqs."]])
def test_services_that_are_let_through(through: Any) -> None:
    with mock(passthrough=through), pytest.raises(HTTPClientError, match="network"):
        other_client("sqs").list_queues()


def test_addresses_that_are_let_through() -> None:
    """An engine of one's own beside the world."""
    elsewhere = keyed_client(
        endpoint_url="http://localhost:8000", config=Config(retries={"total_max_attempts": 1})
    )
    with mock():
        assert tables(elsewhere) == []
        with mock(passthrough=["http://localhost:8000"]):
            assert refused_by_network(elsewhere)
            assert tables(at_import) == []


def test_a_client_of_another_service_with_an_answer_of_its_own() -> None:
    queues = other_client("sqs")
    with mock(), Stubber(queues) as stubber:
        stubber.add_response("list_queues", {"QueueUrls": ["https://q"]})
        assert queues.list_queues()["QueueUrls"] == ["https://q"]


def test_credentials_of_nobody_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    before = boto3.DEFAULT_SESSION
    with mock():
        found: Any = boto3.Session().get_credentials()
        assert (found.access_key, found.secret_key, found.token) == ("ddbha", "ddbha", "ddbha")
        boto3.client("dynamodb", region_name="us-east-1").list_tables()
    assert os.environ["AWS_ACCESS_KEY_ID"] == "AKIAREAL"
    assert "AWS_SESSION_TOKEN" not in os.environ
    assert boto3.DEFAULT_SESSION is before


def test_a_test_may_change_the_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock():
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111122223333")
        make_table(plain_client())
        assert tables(at_import) == []
    assert os.environ["AWS_ACCESS_KEY_ID"] == "111122223333"


def test_whoever_took_the_method_before_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual way to patch one operation of botocore; what it passes on reaches the world."""
    original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def patched(self: Any, operation_name: str, parameters: Any) -> Any:
        if operation_name == "ListTables":
            return {"TableNames": ["patched"]}
        return original(self, operation_name, parameters)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", patched)
        with mock() as world:
            make_table(at_import)
            assert tables(at_import) == ["patched"]
            assert tables(world.client("dynamodb")) == ["orders"]
            with pytest.raises(ClientError, match="Requested resource not found") as caught:
                at_import.get_item(TableName="none", Key={"pk": {"S": "a"}})
            assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
            assert (
                other_client("application-autoscaling").describe_scalable_targets(
                    ServiceNamespace="dynamodb"
                )["ScalableTargets"]
                == []
            )


def test_handlers_see_the_request_before_it_would_be_signed() -> None:
    client, seen = keyed_client(), []

    def sign(request: Any, operation_name: str, signing_name: str, **_: Any) -> None:
        seen.append((operation_name, signing_name, request.headers["X-Amz-Target"]))

    client.meta.events.register("before-sign.dynamodb", sign)
    with mock():
        client.list_tables()
    assert seen == [("ListTables", "dynamodb", "DynamoDB_20120810.ListTables")]


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


def test_moto_keeps_the_other_services() -> None:
    moto = pytest.importorskip("moto")
    with moto.mock_aws(), mock() as world:
        make_table(plain_client())
        assert tables(world.client("dynamodb")) == ["orders"]
        assert boto3.client("sts", region_name="us-east-1").get_caller_identity()["Account"]
    with moto.mock_aws():
        assert tables(plain_client()) == []


def test_moto_may_be_inside() -> None:
    moto = pytest.importorskip("moto")
    with mock() as world, moto.mock_aws():
        make_table(plain_client())
        assert tables(world.client("dynamodb")) == ["orders"]
        assert boto3.client("sts", region_name="us-east-1").get_caller_identity()["Account"]


@pytest.mark.parametrize("inside", [False, True])
def test_exports_and_imports_share_motos_buckets(inside: bool) -> None:
    moto = pytest.importorskip("moto")
    first, second = (moto.mock_aws, mock) if inside else (mock, moto.mock_aws)
    with first(), second():
        client, s3 = plain_client(), boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="exports")
        make_table(client)
        client.put_item(TableName="orders", Item={"pk": {"S": "a"}})
        client.update_continuous_backups(
            TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        table = client.describe_table(TableName="orders")["Table"]["TableArn"]
        client.export_table_to_point_in_time(TableArn=table, S3Bucket="exports")
        client.list_tables()
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket="exports")["Contents"]]
        (data,) = {key.rpartition("/")[0] for key in keys if "/data/" in key}
        client.import_table(
            S3BucketSource={"S3Bucket": "exports", "S3KeyPrefix": data},
            InputFormat="DYNAMODB_JSON",
            InputCompressionType="GZIP",
            TableCreationParameters={"TableName": "copied", **on_demand("pk")},
        )
        assert client.scan(TableName="copied")["Items"] == [{"pk": {"S": "a"}}]


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


@mock
class TestUnittestClassSetup(unittest.TestCase):
    """What the class sets up is there for all its tests: they share one world."""

    worlds: ClassVar[set[World]] = set()

    @classmethod
    def setUpClass(cls) -> None:
        make_table(at_import)
        cls.worlds.add(active_world())
        cls.addClassCleanup(lambda: cls.worlds.add(active_world()))

    def test_first(self) -> None:
        assert tables(at_import) == ["orders"]
        self.worlds.add(active_world())

    def test_second(self) -> None:
        self.test_first()

    @classmethod
    def tearDownClass(cls) -> None:
        assert cls.worlds == {active_world()}


@mock
class TestPlainClassSetup:
    worlds: ClassVar[set[World]] = set()

    @classmethod
    def setup_class(cls) -> None:
        make_table(at_import)
        cls.worlds.add(active_world())

    def test_first(self) -> None:
        assert tables(at_import) == ["orders"]
        self.worlds.add(active_world())

    def test_second(self) -> None:
        self.test_first()

    @classmethod
    def teardown_class(cls) -> None:
        assert cls.worlds == {active_world()}


@mock
class TestFixturesOfAClass:
    @pytest.fixture
    def table(self) -> Any:
        make_table(at_import)
        yield "orders"
        assert "orders" in tables(at_import)

    @pytest.fixture(autouse=True)
    def another_table(self) -> None:
        make_table(at_import, "another")

    def test_first(self, table: str) -> None:
        assert tables(at_import) == ["another", table]

    def test_second(self) -> None:
        assert tables(at_import) == ["another"]


@mock
class TestFixtureOfTheClass:
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def world(cls) -> World:
        make_table(at_import)
        return active_world()

    def test_first(self, world: World) -> None:
        assert tables(at_import) == ["orders"]
        assert active_world() is world

    def test_second(self, world: World) -> None:
        self.test_first(world)


def test_a_failing_class_setup_ends_the_mock() -> None:
    @mock
    class Broken(unittest.TestCase):
        @classmethod
        def setUpClass(cls) -> None:
            raise ZeroDivisionError

        def test(self) -> None: ...

    result = unittest.TestResult()
    unittest.TestSuite([Broken("test")]).run(result)
    assert len(result.errors) == 1
    assert refused_by_network(at_import)


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
    with pytest.raises(UsageError, match="passthrough="):
        wrong(config={"core": {}})


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
