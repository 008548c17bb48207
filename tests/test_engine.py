"""The engine's door: what goes wrong inside is told, and the world stays usable."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import ddbha
from tests.building import on_demand

ONCE = Config(retries={"total_max_attempts": 1})


def orders(world: ddbha.World) -> Any:
    client = world.client("dynamodb", config=ONCE)
    client.create_table(TableName="orders", **on_demand("pk"))
    return client


@pytest.mark.parametrize("history", [False, True])
def test_a_failure_of_the_engine_is_a_logged_500(
    monkeypatch: pytest.MonkeyPatch, defects: list[str], history: bool
) -> None:
    world = ddbha.World(history=history)
    client = orders(world)

    def fail(*_: Any) -> NoReturn:
        raise ZeroDivisionError("of ours")

    with monkeypatch.context() as patch:
        patch.setattr("ddbha.engine.validator", fail)
        with pytest.raises(
            ClientError, match=r"failed to answer PutItem.*ZeroDivisionError: of ours"
        ) as told:
            client.put_item(TableName="orders", Item={"pk": {"S": "a"}})
    assert told.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert told.value.response["Error"]["Code"] == "InternalServerError"
    assert world.events.of("defect")[0].details["operation"] == "PutItem"
    assert "ddbha failed to answer PutItem in us-east-1: {'TableName': 'orders'" in defects[0]
    assert "ZeroDivisionError" in defects.pop()
    client.put_item(TableName="orders", Item={"pk": {"S": "a"}})
    world.verify()


@pytest.mark.parametrize("raised", [ZeroDivisionError, AssertionError, KeyboardInterrupt])
@pytest.mark.parametrize("history", [False, True])
def test_what_a_function_of_the_test_raises_reaches_the_test(
    raised: type[BaseException], history: bool
) -> None:
    world = ddbha.World(history=history)
    client = orders(world)

    def when(request: dict[str, Any]) -> bool:
        raise raised("of the test")

    with world.faults.error("ThrottlingException", when=when), pytest.raises(raised, match="of the test"):
        client.put_item(TableName="orders", Item={"pk": {"S": "a"}})
    client.put_item(TableName="orders", Item={"pk": {"S": "a"}})
    assert client.scan(TableName="orders")["Count"] == 1
    world.verify()


def test_what_decides_on_faults_gets_a_copy() -> None:
    world = ddbha.World()
    client = orders(world)
    item = {"pk": {"S": "a"}}

    def when(request: dict[str, Any]) -> bool:
        request["Item"]["pk"]["S"] = "changed"
        request.clear()
        return False

    with world.faults.error("ThrottlingException", when=when):
        client.put_item(TableName="orders", Item=item)
    assert item == {"pk": {"S": "a"}}
    assert client.scan(TableName="orders")["Items"] == [item]


def test_details_of_events_stay_as_they_are() -> None:
    world = ddbha.World()
    orders(world)
    details: Any = world.events[0].details
    with pytest.raises(TypeError):
        details["table"] = "another"
