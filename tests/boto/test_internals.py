"""What ddbha uses of botocore beyond its documented interface is there, and is what it was."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.config import Config

from ddbha.boto import internals


def made(mode: str) -> Any:
    return botocore.session.Session().create_client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"mode": mode}),  # type: ignore[arg-type]
    )


@pytest.fixture(params=["legacy", "standard", "adaptive"])
def client(request: pytest.FixtureRequest) -> Any:
    return made(request.param)


def test_operations_end_in_one_method(client: Any) -> None:
    internals.answer_calls(client, lambda name, params: {"asked": (name, params)})
    assert client.list_tables(Limit=1) == {"asked": ("ListTables", {"Limit": 1})}


def test_what_a_client_is_made_of(client: Any) -> None:
    model = client.meta.service_model.operation_model("ListTables")
    assert internals.validates(client)
    assert callable(internals.emit_api_params(client))
    assert internals.request_signer(client).region_name == "us-east-1"
    assert internals.endpoint(client).host == client.meta.endpoint_url
    assert internals.serialized(client, {"Limit": 1}, model)["body"] == b'{"Limit": 1}'
    assert internals.user_agent(client).startswith("Boto")
    assert internals.credentials(client).access_key == "a"


def test_the_credentials_of_a_session() -> None:
    session = botocore.session.Session()
    assert internals.session_credentials(session) is None
    session.set_credentials("a", "b")
    assert internals.session_credentials(session).access_key == "a"


def test_registrations_change_with_handlers(client: Any) -> None:
    emitter = internals.emitter(client.meta.events)
    before = internals.registrations(emitter)
    assert internals.registrations(emitter) is before

    def handler(**_: Any) -> None: ...

    client.meta.events.register("before-call.dynamodb", handler)
    assert internals.registrations(emitter) is not before
    assert handler in internals.handlers(emitter, "before-call.dynamodb.ListTables")


def test_only_mode_standard_draws_its_pauses() -> None:
    assert internals.back_offs(made("legacy")) == []
    (back_off,) = internals.back_offs(made("standard"))
    assert callable(back_off._random)


def test_waiters(client: Any) -> None:
    waiter = client.get_waiter("table_exists")
    assert internals.waiter_pause(waiter) == 20
    polled: list[Any] = []

    def wrap(poll: Any) -> Any:
        def answer(**kwargs: Any) -> Any:
            polled.append(kwargs)
            return {"Table": {"TableStatus": "ACTIVE"}}

        return answer

    internals.waiter_with(waiter, wrap).wait(TableName="t")
    assert polled == [{"TableName": "t"}]
