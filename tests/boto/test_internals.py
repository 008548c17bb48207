"""What ddbha uses of botocore beyond its documented interface is there, and is what it was.

A test for each contract of `ddbha.boto.internals`, by its name: which fails under some botocore says what
that version broke.
"""

from __future__ import annotations

import copy
import inspect
import random
from functools import partial
from importlib import import_module
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.configprovider import ConstantProvider
from botocore.credentials import Credentials
from botocore.hooks import BaseEventHooks, HierarchicalEmitter
from botocore.model import OperationModel

from ddbha.boto import internals

#: One for all, since it reads the service model only once.
SESSION = botocore.session.Session()


def made(mode: str, **settings: Any) -> Any:
    retries: Any = {"mode": mode, **settings.pop("retries", {})}
    return SESSION.create_client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries=retries, **settings),
    )


@pytest.fixture(params=["legacy", "standard", "adaptive"])
def client(request: pytest.FixtureRequest) -> Any:
    return made(request.param)


def operation(client: Any, name: str = "ListTables") -> OperationModel:
    model: OperationModel = client.meta.service_model.operation_model(name)
    return model


def heard(client: Any, event: str, name: str = "ListTables") -> list[Any]:
    return internals.handlers(internals.emitter(client.meta.events), f"{event}.dynamodb.{name}")


# -- Clients ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("CALLS", ["self", "operation_name", "api_params"]),
        ("CREATIONS", ["self", "service_name"]),
        ("SENDING", ["self", "request"]),
    ],
)
@pytest.mark.parametrize("prefix", ["", "ASYNC_"])
def test_places(prefix: str, name: str, parameters: list[str]) -> None:
    module, owner, method = getattr(internals, prefix + name)
    if prefix:
        pytest.importorskip("aiobotocore")
    found = inspect.signature(vars(getattr(import_module(module), owner))[method]).parameters
    assert [*found][: len(parameters)] == parameters


@pytest.mark.parametrize(
    ("place", "parameters"),
    [
        (internals.COMPONENTS, ["self", "name"]),
        (internals.HANDLERS, ["self", "events"]),
        (internals.MORE_HANDLERS, ["self"]),
    ],
)
def test_places_of_sessions(place: internals.Place, parameters: list[str]) -> None:
    module, owner, method = place
    found = inspect.signature(vars(getattr(import_module(module), owner))[method]).parameters
    assert [*found] == parameters


def test_caller_and_answer_calls(client: Any) -> None:
    def answer(name: str, params: dict[str, Any]) -> Any:
        return {"asked": (name, params)}

    assert callable(internals.caller(client))
    internals.answer_calls(client, answer)
    assert internals.caller(client) is answer
    assert client.list_tables(Limit=1) == {"asked": ("ListTables", {"Limit": 1})}


def test_validates(client: Any) -> None:
    assert internals.validates(client)
    assert not internals.validates(made("standard", parameter_validation=False))


def test_emit_api_params(client: Any) -> None:
    def add(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**params, "Limit": 2}

    client.meta.events.register("provide-client-params.dynamodb.ListTables", add)
    emit = internals.emit_api_params(client)
    assert emit(api_params={}, operation_model=operation(client), context={}) == {"Limit": 2}


def test_request_signer(client: Any) -> None:
    assert internals.request_signer(client).region_name == "us-east-1"


def test_endpoint(client: Any) -> None:
    assert internals.endpoint(client).host == client.meta.endpoint_url


def test_serialized(client: Any) -> None:
    assert internals.serialized(client, {"Limit": 1}, operation(client))["body"] == b'{"Limit": 1}'


def test_user_agent(client: Any) -> None:
    assert internals.user_agent(client).startswith("Boto")


def test_credentials(client: Any) -> None:
    assert internals.credentials(client).access_key == "a"


def test_session_credentials() -> None:
    session = botocore.session.Session()
    assert internals.session_credentials(session) is None
    session.set_credentials("a", "b")
    assert internals.session_credentials(session).access_key == "a"


def test_loaded_and_let_loaded_be() -> None:
    loader = botocore.session.Session().get_component("data_loader")
    assert internals.loaded(loader) == {}
    kept: dict[Any, Any] = {}
    internals.let_loaded_be(loader, kept)
    read = loader.load_service_model("dynamodb", "paginators-1")
    assert any(read is value for value in kept.values())
    kept.update({key: {"pagination": {}} for key in kept})
    assert loader.load_service_model("dynamodb", "paginators-1") == {"pagination": {}}


def test_build_classes_once() -> None:
    session = boto3.Session("a", "b", region_name="us-east-1")
    internals.build_classes_once(session)
    first: Any = session.resource("dynamodb")
    second: Any = session.resource("dynamodb")
    tables = first.Table("one"), first.Table("two"), second.Table("three")
    assert len(set(map(type, tables))) == 1
    assert type(tables[0]) is not type(first)
    assert [table.name for table in tables] == ["one", "two", "three"]
    assert [table.meta.client for table in tables] == [
        first.meta.client,
        first.meta.client,
        second.meta.client,
    ]


def test_with_own_cache(client: Any) -> None:
    assert client.exceptions is client.exceptions
    before = client.get_waiter("table_exists")
    internals.with_own_cache(client)
    assert type(client.get_waiter("table_exists")) is not type(before)


def test_with_own_ways_and_let_credentials_be(client: Any) -> None:
    told: list[str] = []
    endpoint, credentials = internals.endpoint(client), internals.credentials(client)
    internals.drop_own_handlers(client)
    own = client.meta.events = internals.copied(client.meta.events)
    internals.with_own_ways(client)
    internals.add_signing(client)
    assert internals.credentials(client) is not credentials
    assert vars(internals.credentials(client)) == vars(credentials)
    internals.let_credentials_be(client, Credentials("other", "secret"))
    assert credentials.access_key == "a"
    assert internals.endpoint(client) is not endpoint
    events = ("before-endpoint-resolution", "before-sign", "before-send")
    for event in events:
        own.register(f"{event}.dynamodb", lambda event_name, **_: told.append(event_name.split(".")[0]))
    own.register("before-send.dynamodb", _answer)
    assert client.list_tables()["TableNames"] == []
    assert told == [*events]


def _answer(request: Any, **_: Any) -> Any:
    assert b"Credential=other/" in request.headers["Authorization"]
    return internals.http_response(AWSResponse, request.url, 200, {}, b'{"TableNames": []}')


# -- Sessions ---------------------------------------------------------------------------------------


def _changed_in_vars(session: Any) -> None:
    session.session_var_map["ca_bundle"] = (None, None, "bundle", None)


@pytest.mark.parametrize(
    "change",
    [
        lambda session: session.register_component("credential_provider", object()),
        lambda session: session.lazy_register_component("data_loader", lambda: object()),
        lambda session: session.get_component("config_store").set_config_provider(
            "region", ConstantProvider("eu-west-1")
        ),
        lambda session: session.get_component("config_store").set_config_variable("region", "eu-west-1"),
        _changed_in_vars,
    ],
)
def test_is_plain(change: Any) -> None:
    session = botocore.session.Session()
    assert internals.is_plain(session)
    session.create_client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    session.set_credentials("a", "b")
    assert internals.is_plain(session)
    assert not internals.is_plain(type("Other", (botocore.session.Session,), {})())
    change(session)
    assert not internals.is_plain(session)


@pytest.mark.parametrize(
    "change",
    [
        lambda session: session.set_config_variable("region", "eu-west-1"),
        lambda session: session.set_default_client_config(Config(read_timeout=1)),
        lambda session: setattr(session, "user_agent_extra", "tea"),
    ],
)
def test_settings(change: Any) -> None:
    session, other = botocore.session.Session(), botocore.session.Session()
    assert internals.settings(session) == internals.settings(other)
    change(session)
    assert internals.settings(session) != internals.settings(other)


def test_let_region_be_used() -> None:
    session: Any = botocore.session.Session()
    before = set(vars(session))
    internals.let_region_be_used(session, "eu-west-1")
    assert set(vars(session)) == before
    session.create_client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    assert session._last_client_region_used == "us-east-1"


# -- Events and retries -----------------------------------------------------------------------------


def test_hears_nothing_and_let_handlers_be(client: Any) -> None:
    def handler(**_: Any) -> None: ...

    emitter = HierarchicalEmitter()
    assert internals.hears_nothing(emitter)
    assert not internals.hears_nothing(BaseEventHooks())
    other = internals.emitter(client.meta.events)
    internals.let_handlers_be(emitter, other)
    assert not internals.hears_nothing(emitter)
    event = "before-call.dynamodb.ListTables"
    assert internals.handlers(emitter, event) == internals.handlers(other, event)
    emitter.register("before-call.dynamodb", handler, unique_id="one")
    assert handler in internals.handlers(emitter, event)
    assert handler not in internals.handlers(other, event)
    other.register("before-call.dynamodb", handler, unique_id="one")
    assert handler in internals.handlers(other, event)


def test_share_handlers_and_copied(client: Any) -> None:
    def handler(**_: Any) -> None: ...

    events = client.meta.events
    plain = copy.copy(events)
    internals.share_handlers(events)
    known = ["before-call.dynamodb.ListTables", "needs-retry.dynamodb.PutItem", "choose-service-name.s3"]

    def all_of(events: Any) -> list[Any]:
        return [internals.handlers(internals.emitter(events), name) for name in known]

    before = all_of(plain)
    first, second = internals.copied(events), internals.copied(events)
    assert all_of(first) == all_of(events) == before
    for name in ("before-call", "before-call.dynamodb.ListTables", "before-call.*.ListTables"):
        first.register(name, handler)
    first.register_first("needs-retry.dynamodb", handler, unique_id="one")
    first.register_last("needs-retry.dynamodb", handler, unique_id="two")
    assert [found.count(handler) for found in all_of(first)] == [3, 2, 0]
    third = copy.copy(first)
    assert all_of(third) == all_of(first)
    third.unregister("needs-retry.dynamodb", unique_id="one")
    third.unregister("before-call.*.ListTables", handler)
    assert [found.count(handler) for found in all_of(third)] == [2, 1, 0]
    assert [found.count(handler) for found in all_of(first)] == [3, 2, 0]
    assert all_of(second) == all_of(events) == before
    # Old names of services are translated in copies of copies as well.
    for wrong in (lambda: None, partial(lambda: None)):
        with pytest.raises(ValueError, match="must accept keyword arguments"):
            third.register("before-call", wrong)
    third.register("word.streams.dynamodb", handler)
    assert [heard for heard, _ in third.emit("word.dynamodb-streams")] == [handler]
    assert first.emit("word.streams.dynamodb") == []


def test_share_names() -> None:
    sessions = [botocore.session.Session(include_builtin_handlers=False) for _ in range(2)]
    first, second = (session.get_component("event_emitter") for session in sessions)
    internals.share_names(second, first)
    internals.share_names(HierarchicalEmitter(), first)
    heard: list[str] = []
    first.register("before-call.logs", lambda **_: heard.append("first"))
    second.register("before-call.logs", lambda **_: heard.append("second"))
    second.emit("before-call.cloudwatch-logs.PutLogEvents")
    assert heard == ["second"]


def test_registrations_and_handlers(client: Any) -> None:
    emitter = internals.emitter(client.meta.events)
    before = internals.registrations(emitter)
    assert internals.registrations(emitter) is before

    def handler(**_: Any) -> None: ...

    client.meta.events.register("before-call.dynamodb", handler)
    assert internals.registrations(emitter) is not before
    assert handler in heard(client, "before-call")


@pytest.mark.parametrize("event", ["before-call", "before-parameter-build", "needs-retry", "before-send"])
def test_is_idle(client: Any, event: str) -> None:
    """All that a plain client has makes no difference to a call that goes well."""
    assert all(internals.is_idle(handler, operation(client)) for handler in heard(client, event))


def test_is_idle_but_for_idempotency_tokens(client: Any) -> None:
    busy = [
        handler
        for handler in heard(client, "before-parameter-build", "TransactWriteItems")
        if not internals.is_idle(handler, operation(client, "TransactWriteItems"))
    ]
    assert [handler.__name__ for handler in busy] == ["generate_idempotent_uuid"]


def test_prepares_header() -> None:
    busy = [one for one in heard(made("standard"), "request-created") if not _idle(one)]
    assert all(map(internals.prepares_header, busy))


def test_keeps_quota() -> None:
    busy = [one for one in heard(made("standard"), "after-call") if not _idle(one)]
    assert busy
    assert all(map(internals.keeps_quota, busy))


def _idle(handler: Any) -> bool:
    return internals.is_idle(handler, operation(made("legacy")))


def test_drop_own_handlers_and_add_standard_retries() -> None:
    client = made("standard", retries={"total_max_attempts": 2})
    before = internals.back_offs(client)
    internals.drop_own_handlers(client)
    assert internals.back_offs(client) == []
    assert not [one for one in heard(client, "after-call") if internals.keeps_quota(one)]
    internals.add_standard_retries(client)
    after = internals.back_offs(client)
    assert len(after) == len(before) == 1
    assert after[0] is not before[0]
    quotas = [one for one in heard(client, "after-call") if internals.keeps_quota(one)]
    assert len(quotas) == 1


def test_drop_own_handlers_and_add_signing(client: Any) -> None:
    sign = internals.request_signer(client).handler
    assert heard(client, "request-created").count(sign) == 1
    internals.drop_own_handlers(client)
    assert sign not in heard(client, "request-created")
    internals.add_signing(client)
    assert heard(client, "request-created").count(sign) == 1


def test_back_offs() -> None:
    assert internals.back_offs(made("legacy")) == []
    assert len(internals.back_offs(made("standard"))) == 1


def test_drawing_from() -> None:
    (back_off,) = back_offs = internals.back_offs(made("standard"))
    with internals.drawing_from(back_offs, lambda: 0.25):
        assert back_off._random() == 0.25
    assert back_off._random == random.random


# -- Waiters ----------------------------------------------------------------------------------------


def test_waiter_pause(client: Any) -> None:
    assert internals.waiter_pause(client.get_waiter("table_exists")) == 20


def test_waiter_with(client: Any) -> None:
    polled: list[Any] = []

    def wrap(poll: Any) -> Any:
        def answer(**kwargs: Any) -> Any:
            polled.append(kwargs)
            return {"Table": {"TableStatus": "ACTIVE"}}

        return answer

    internals.waiter_with(client.get_waiter("table_exists"), wrap).wait(TableName="t")
    assert polled == [{"TableName": "t"}]
