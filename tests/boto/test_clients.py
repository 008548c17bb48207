"""Making clients, resources and sessions of a world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from boto3.dynamodb.conditions import Attr
from boto3.dynamodb.types import Binary
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import UnknownServiceError

from ddbha.boto import prototypes
from ddbha.errors import UsageError
from ddbha.world import World

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from typing_extensions import assert_type


def caller_of(world: Any, made: Any) -> tuple[str, str]:
    made.list_tables()
    caller = world.calls[-1][3]
    return caller.account_id, caller.region


def test_the_world_makes_genuine_botocore_clients() -> None:
    client = World().client("dynamodb")
    assert isinstance(client, BaseClient)
    assert client.meta.service_model.service_name == "dynamodb"
    assert type(client).__name__ == "DynamoDB"


def test_types_are_those_of_boto3_stubs() -> None:
    world = World()
    client = world.client("dynamodb")
    streams = world.client("dynamodbstreams")
    resource = world.resource("dynamodb")
    if TYPE_CHECKING:
        assert_type(client, DynamoDBClient)
        assert_type(streams, DynamoDBStreamsClient)
        assert_type(resource, DynamoDBServiceResource)
        assert_type(world.session(), boto3.Session)
    assert streams.meta.service_model.service_name == "dynamodbstreams"
    assert resource.meta.client.meta.service_model.service_name == "dynamodb"


def test_the_region_is_named_or_of_the_environment_or_us_east_1(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert caller_of(world, world.client("dynamodb"))[1] == "us-east-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert caller_of(world, world.client("dynamodb"))[1] == "eu-central-1"
    config = Config(region_name="ap-southeast-2")
    assert caller_of(world, world.client("dynamodb", config=config))[1] == "ap-southeast-2"
    named = world.client("dynamodb", region_name="eu-west-1", config=config)
    assert caller_of(world, named)[1] == "eu-west-1"


def test_the_account_is_named_or_in_the_key_or_the_worlds(world: Any) -> None:
    assert caller_of(world, world.client("dynamodb"))[0] == world.account_id
    options: Any = {"aws_access_key_id": "111122223333", "aws_secret_access_key": "x"}
    assert caller_of(world, world.client("dynamodb", **options))[0] == "111122223333"
    named = world.client("dynamodb", account_id="444455556666", **options)
    assert caller_of(world, named)[0] == "444455556666"
    options["aws_access_key_id"] = "AKIAIOSFODNN7EXAMPLE"
    assert caller_of(world, world.client("dynamodb", **options))[0] == world.account_id


def test_a_world_has_no_other_services(world: World) -> None:
    with pytest.raises(UsageError, match=r"no service 's3'.*dynamodb and dynamodbstreams.*session"):
        world.client("s3")  # type: ignore[call-overload]


def test_files_and_profiles_of_the_user_do_not_matter(
    world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "config").write_text("[default]\nregion = mars-1\nparameter_validation = false\n")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    client = world.client("dynamodb")
    assert caller_of(world, client)[1] == "us-east-1"
    assert client.meta.config.parameter_validation


def test_clients_share_nothing_that_changes(world: World) -> None:
    first: Any = world.client("dynamodb")
    second: Any = world.client("dynamodb")
    assert first.meta is not second.meta
    assert first.meta.events is not second.meta.events
    assert first._cache is not second._cache
    assert first.exceptions.ResourceNotFoundException is second.exceptions.ResourceNotFoundException


def test_clients_of_one_config_share_nothing_that_changes(world: World) -> None:
    retries: Any = {"mode": "standard", "total_max_attempts": 7}
    config = Config(retries=retries.copy(), read_timeout=3)
    first: Any = world.client("dynamodb", config=config)
    heard: list[str] = []
    first.meta.events.register("before-call.dynamodb", lambda **_: heard.append("first"))
    first.meta.config.read_timeout = 4
    changing: Any = config
    changing.retries["total_max_attempts"] = 9
    second: Any = world.client("dynamodb", config=Config(retries=retries, read_timeout=3))
    changed: Any = world.client("dynamodb", config=config)
    for made in (second, changed, first):
        made.list_tables()
    assert heard == ["first"]
    assert second.meta.config.read_timeout == 3
    attempts = [made.meta.config.retries["total_max_attempts"] for made in (first, second, changed)]
    assert attempts == [7, 7, 9]


def test_kinds_of_clients_are_not_kept_for_ever(world: World) -> None:
    for number in range(prototypes._MOST + 10):
        world.client("dynamodb", config=Config(user_agent_extra=f"test {number}")).list_tables()
        assert len(prototypes._prototypes) <= prototypes._MOST


def test_two_worlds_know_nothing_of_each_other(client: Any, table: str) -> None:
    other: Any = World().client("dynamodb")
    assert other.list_tables()["TableNames"] == []
    assert client.list_tables()["TableNames"] == [table]


def test_resources_speak_python_types(world: World, table: str) -> None:
    orders = world.resource("dynamodb").Table(table)
    orders.put_item(Item={"pk": "a", "n": 1, "data": b"\x00", "tags": {"x", "y"}})
    assert orders.get_item(Key={"pk": "a"})["Item"] == {
        "pk": "a",
        "n": 1,
        "data": Binary(b"\x00"),
        "tags": {"x", "y"},
    }


def test_resources_build_condition_expressions(world: Any, table: str) -> None:
    orders = world.resource("dynamodb").Table(table)
    orders.put_item(Item={"pk": "a"}, ConditionExpression=Attr("pk").not_exists())
    params = world.calls[-1][2]
    assert params["ConditionExpression"] == "attribute_not_exists(#n0)"
    assert params["ExpressionAttributeNames"] == {"#n0": "pk"}
    assert params["Item"] == {"pk": {"S": "a"}}


def test_sessions_bring_clients_and_resources_of_the_world(world: Any, table: str) -> None:
    session = world.session(region_name="us-east-1")
    assert isinstance(session, boto3.Session)
    assert session.region_name == "us-east-1"
    assert session.client("dynamodb").list_tables()["TableNames"] == [table]
    assert session.client("dynamodb", "eu-west-1").list_tables()["TableNames"] == []
    assert [t.name for t in session.resource("dynamodb").tables.all()] == [table]


def test_sessions_keep_account_and_region(world: Any) -> None:
    session = world.session(region_name="eu-west-1", account_id="111122223333")
    assert caller_of(world, session.client("dynamodb")) == ("111122223333", "eu-west-1")
    assert caller_of(world, session.resource("dynamodb").meta.client) == ("111122223333", "eu-west-1")


def test_hooks_of_a_session_are_inherited(world: Any) -> None:
    session = world.session()
    heard: list[str] = []
    session.events.register("after-call.dynamodb", lambda event_name, **_: heard.append(event_name))
    session.client("dynamodb").list_tables()
    assert heard == ["after-call.dynamodb.ListTables"]


def test_other_services_of_a_session_are_ordinary(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    session = world.session()
    queues: Any = session.client("sqs")
    assert "_make_api_call" not in vars(queues)
    assert queues._request_signer._credentials.access_key == "AKIAIOSFODNN7EXAMPLE"
    unknown: Any = "no-such-service"
    with pytest.raises(UnknownServiceError):
        session.client(unknown)
