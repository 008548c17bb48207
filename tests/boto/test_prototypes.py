"""Clients that plain sessions make within mocks are copies, of which nobody can tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import botocore.client
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.configprovider import ConstantProvider

import ddbha
from ddbha.boto import internals


@pytest.fixture(autouse=True)
def no_default_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The services of clients that botocore builds from the ground."""
    services: list[str] = []
    build = botocore.client.ClientCreator.create_client

    def counted(self: Any, service_name: str, *args: Any, **options: Any) -> Any:
        services.append(service_name)
        return build(self, service_name, *args, **options)

    monkeypatch.setattr(botocore.client.ClientCreator, "create_client", counted)
    return services


def made(**options: Any) -> Any:
    return boto3.client("dynamodb", **{"region_name": "us-east-1", **options})


def test_one_is_built_for_all_tests(built: list[str]) -> None:
    for _ in range(3):
        with ddbha.mock():
            made(region_name="sa-east-1").list_tables()
            boto3.Session().client("dynamodb", region_name="sa-east-1").list_tables()
    assert built == ["dynamodb"]
    made(aws_access_key_id="a", aws_secret_access_key="b", region_name="sa-east-1")
    assert built == ["dynamodb"] * 2  # Outside of mocks botocore is left alone.


def test_methods_are_patched_on_the_class_of_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    with ddbha.mock():
        first, second = made(), made()
        assert type(first).__name__ == type(second).__name__ == "DynamoDB"
        monkeypatch.setattr(type(first), "list_tables", lambda self: "patched")
        assert first.list_tables() == "patched"
        assert second.list_tables()["TableNames"] == []
    world = ddbha.World()
    one: Any = world.client("dynamodb")
    other: Any = world.client("dynamodb")
    monkeypatch.setattr(type(one), "list_tables", lambda self: "patched")
    assert one.list_tables() == "patched"
    assert other.list_tables()["TableNames"] == []


def test_what_may_be_changed_is_each_clients_own() -> None:
    heard: list[str] = []
    with ddbha.mock():
        first = made(config=Config(retries={"mode": "standard"}))
        first.meta.events.register("before-call.dynamodb", lambda **_: heard.append("first"))
        first.meta.config.retries["mode"] = "none"
        first.meta.config.read_timeout = 1
        first.put_item = None
        internals.credentials(first).access_key = "changed"
    with ddbha.mock():
        second = made(config=Config(retries={"mode": "standard"}))
        second.list_tables()
        first.list_tables()
    assert heard == ["first"]
    assert second.meta.config.retries["mode"] == "standard"
    assert second.meta.config.read_timeout == 60
    assert callable(second.put_item)
    assert internals.credentials(second).access_key == "ddbha"
    quotas = [_quota(one) for one in (first, second)]
    assert len(quotas[0]) == len(quotas[1]) == 1
    assert quotas[0] != quotas[1]


def _quota(client: Any) -> list[Any]:
    found = internals.handlers(internals.emitter(client.meta.events), "after-call.dynamodb.ListTables")
    return [one for one in found if internals.keeps_quota(one)]


def test_requests_that_leave_the_test_tell_the_events_of_their_client() -> None:
    told: list[Any] = []
    with ddbha.mock(passthrough=["dynamodb"]):
        clients = {
            name: made(
                aws_access_key_id="a", aws_secret_access_key="b", endpoint_url="http://localhost:1"
            )
            for name in ("one", "other")
        }
        for name, client in clients.items():

            def answer(request: Any, name: str = name, **_: Any) -> Any:
                told.append((name, request.headers["Authorization"].count(b"Credential=a/")))
                body = b'{"TableNames": ["%s"]}' % name.encode()
                return internals.http_response(AWSResponse, request.url, 200, {}, body)

            client.meta.events.register("before-send.dynamodb", answer)
        for name, client in clients.items():
            assert client.list_tables()["TableNames"] == [name]
    assert told == [("one", 1), ("other", 1)]


def test_addresses_for_others_are_signed_as_botocore_signs_them() -> None:
    options = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    urls = []
    with ddbha.mock():
        for _ in range(2):
            client = made(**options)
            client.meta.events.register(
                "before-sign.dynamodb", lambda request, **_: request.context.update({"timestamp": ""})
            )
            urls.append(client.generate_presigned_url("list_tables").partition("X-Amz-Date")[0])
    real = made(**options).generate_presigned_url("list_tables").partition("X-Amz-Date")[0]
    assert urls == [real, real]
    assert "X-Amz-Credential=a" in real


def test_sessions_have_their_say() -> None:
    with ddbha.mock():
        made().list_tables()
        session = boto3.Session("a", "b", region_name="us-east-1")
        assert internals.credentials(session.client("dynamodb")).access_key == "a"
        assert internals.credentials(session.client("dynamodb")) is internals.session_credentials(
            session._session
        )
        private = botocore.session.Session()
        private.set_default_client_config(Config(read_timeout=3))
        private.user_agent_extra = "tea/1"
        client: Any = private.create_client("dynamodb", region_name="us-east-1")
        assert client.meta.config.read_timeout == 3
        assert "tea/1" in internals.user_agent(client)
        assert "tea/1" not in internals.user_agent(made())
        private = botocore.session.Session()
        private.get_component("config_store").set_config_provider("region", ConstantProvider("eu-west-1"))
        assert private.create_client("dynamodb").meta.region_name == "eu-west-1"


def test_handlers_of_a_session_are_heard_by_its_clients_only() -> None:
    heard: list[str] = []
    for name in ("one", "other", "one"):
        with ddbha.mock():
            session = boto3.Session()
            if name == "one":
                session.events.register(
                    "creating-client-class.dynamodb",
                    lambda class_attributes, **_: class_attributes.update(brewed=True),
                )
                session.events.register("before-call.dynamodb", lambda **_: heard.append("one"))
            client: Any = session.client("dynamodb", region_name="us-east-1")
            client.list_tables()
            assert vars(type(client)).get("brewed", False) == (name == "one")
    assert heard == ["one", "one"]


def test_the_environment_has_its_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def region_and_retries() -> tuple[str, str]:
        with ddbha.mock():
            client: Any = boto3.Session().client("dynamodb")
            return client.meta.region_name, client.meta.config.retries["mode"]

    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_RETRY_MODE", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for region, mode in (("eu-west-1", "standard"), ("eu-west-2", "legacy"), ("eu-west-1", "adaptive")):
        (tmp_path / "config").write_text(f"[default]\nregion = {region}\nretry_mode = {mode}\n")
        assert region_and_retries() == (region, mode)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_RETRY_MODE", "standard")
    assert region_and_retries() == ("eu-west-3", "standard")


def test_a_session_knows_where_its_newest_client_is() -> None:
    with ddbha.mock():
        session: Any = botocore.session.Session()
        for region in ("us-east-1", "us-west-2", "us-east-1"):
            session.create_client("dynamodb", region_name=region)
            assert session._last_client_region_used == region
