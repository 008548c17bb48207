"""PartiQL in a history: what statements write is in the log, and what they show was there."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from ddbha.errors import InvariantError
from tests.building import index_on, on_demand


def a_history() -> ddbha.World:
    """Every kind of statement, with conditions that hold and that do not."""
    world = ddbha.World(clock=ddbha.ManualClock(), history=True)
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        **on_demand("id", "seq:N", more=["n:N"]),
        GlobalSecondaryIndexes=[index_on("by-n", "n", "seq:N", projection="KEYS_ONLY")],
    )

    def run(text: str, *parameters: Any, **more: Any) -> None:
        given = {"Parameters": list(parameters)} if parameters else {}
        with suppress(ClientError):
            client.execute_statement(Statement=text, **given, **more)

    for n in range(6):
        run(f"INSERT INTO tab VALUE {{'id': 'a', 'seq': {n}, 'n': {n % 2}, 'm': {{'x': [{n}]}}}}")
    run("INSERT INTO tab VALUE {'id': 'a', 'seq': 1}")
    run(
        "UPDATE tab SET n = n + 1 SET s = <<'x'>> WHERE id = 'a' AND seq = ? RETURNING ALL NEW *",
        {"N": "2"},
    )
    run("UPDATE tab SET n = 5 WHERE id = 'a' AND seq = 3 AND n = 7")
    run("UPDATE tab REMOVE m WHERE id = 'a' AND seq = 4 RETURNING MODIFIED OLD *")
    run("DELETE FROM tab WHERE id = 'a' AND seq = 5 RETURNING ALL OLD *")
    run("DELETE FROM tab WHERE id = 'a' AND seq = 9 AND n = 1")
    run("SELECT * FROM tab WHERE id = 'a' AND seq > 1 AND n >= 1 ORDER BY seq DESC", ConsistentRead=True)
    run("SELECT id, seq, m.x[0] FROM tab WHERE n = 1")
    run('SELECT * FROM tab."by-n" WHERE n = 1')
    run("SELECT * FROM tab", Limit=2)
    for kind in ("read", "write"):
        statements = {
            "read": [
                "SELECT * FROM tab WHERE id = 'a' AND seq = 1",
                "SELECT n FROM tab WHERE id = 'a' AND seq = 9",
            ],
            "write": [
                "INSERT INTO tab VALUE {'id': 'b', 'seq': 1}",
                "UPDATE tab SET n = 3 WHERE id = 'a' AND seq = 2",
                "DELETE FROM tab WHERE id = 'a' AND seq = 3",
            ],
        }[kind]
        listed = [{"Statement": text} for text in statements]
        for _ in range(2):
            client.batch_execute_statement(Statements=listed)
        with suppress(ClientError):
            client.execute_transaction(TransactStatements=listed)
    check = "EXISTS(SELECT * FROM tab WHERE id = 'a' AND seq = 1 AND n = 1)"
    listed = [{"Statement": check}, {"Statement": "INSERT INTO tab VALUE {'id': 'c', 'seq': 1}"}]
    for _ in range(2):
        client.execute_transaction(TransactStatements=listed, ClientRequestToken="once")
    return world


def test_statements_fit_what_was_there_and_what_was_written() -> None:
    world = a_history()
    world.verify()
    told = [(call.operation, call.outcome) for call in world.history]
    assert told.count(("ExecuteStatement", "REFUSED")) == 2
    assert told.count(("ExecuteTransaction", "REFUSED")) == 1


def of(world: ddbha.World, text: str) -> Any:
    return next(call for call in world.history if text in str(call.request))


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("ORDER BY seq DESC", lambda answer: answer["Items"].pop()),
        ("ORDER BY seq DESC", lambda answer: answer["Items"][0]["n"].update(N="9")),
        ("m.x[0]", lambda answer: answer["Items"][0]["x[0]"].update(N="9")),
        ('tab."by-n"', lambda answer: answer["Items"].pop()),
        ("ALL NEW", lambda answer: answer["Items"][0]["n"].update(N="9")),
        ("MODIFIED OLD", lambda answer: answer["Items"].clear()),
        ("SELECT n FROM", lambda answer: answer["Responses"][1].update(Item={"n": {"N": "1"}})),
        ("SELECT n FROM", lambda answer: answer["Responses"][0].pop("Item")),
    ],
)
def test_a_wrong_answer_is_found(text: str, change: Any) -> None:
    world = a_history()
    call = of(world, text)
    change(call.answer)
    with pytest.raises(InvariantError) as caught:
        world.verify()
    assert str(call) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("SET n = n + 1", "UPDATE tab SET n = n + 2 SET s = <<'x'>> WHERE id = 'a' AND seq = ?"),
        ("REMOVE m", "UPDATE tab REMOVE n WHERE id = 'a' AND seq = 4"),
        ("seq = 3 AND n = 7", "UPDATE tab SET n = 5 WHERE id = 'a' AND seq = 3 AND n = 1"),
        ("'seq': 0", "INSERT INTO tab VALUE {'id': 'a', 'seq': 0}"),
    ],
)
def test_a_statement_that_was_not_what_was_done_is_found(text: str, other: str) -> None:
    world = a_history()
    of(world, text).request["Statement"] = other
    with pytest.raises(InvariantError):
        world.verify()


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("SELECT * FROM tab", 8),
        ("SELECT seq FROM tab WHERE n >= 1", 4),
        ("SELECT * FROM tab WHERE id = 'a'", 6),
        ("SELECT id, seq FROM tab WHERE id = 'a' AND seq > 0 ORDER BY seq DESC", 5),
        ('SELECT * FROM tab."by-n" WHERE n = 1', 4),
    ],
)
def test_pages_of_statements_lack_nothing(text: str, total: int) -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), history=True)
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        **on_demand("id", "seq:N", more=["n:N"]),
        GlobalSecondaryIndexes=[index_on("by-n", "n", "seq:N")],
    )
    for place, seq in [*(("a", seq) for seq in range(6)), ("b", 0), ("b", 1)]:
        number = {"N": str(seq % 2)}
        client.put_item(TableName="tab", Item={"id": {"S": place}, "seq": {"N": str(seq)}, "n": number})
    asked: Any = {"Statement": text, "Limit": 3}
    found = 0
    while True:
        answer = client.execute_statement(**asked)
        found += len(answer["Items"])
        if "NextToken" not in answer:
            break
        asked["NextToken"] = answer["NextToken"]
    assert found == total
    world.verify()
    for call in [call for call in world.history if call.operation == "ExecuteStatement"]:
        told = call.answer
        assert told is not None
        if told["Items"]:
            call.answer = {**told, "Items": told["Items"][1:]}
            with pytest.raises(InvariantError, match=r"does not fit|items where there were"):
                world.verify()
        call.answer = told
    world.verify()


def test_pages_of_several_collections_show_nothing_that_there_was_not() -> None:
    world = a_history()
    client: Any = world.client("dynamodb", region_name="us-east-1")
    asked: Any = {"Statement": "SELECT * FROM tab WHERE id IN ['a', 'b', 'c']", "Limit": 2}
    while True:
        answer = client.execute_statement(**asked)
        if "NextToken" not in answer:
            break
        asked["NextToken"] = answer["NextToken"]
    world.verify()
    call = of(world, "id IN")
    call.answer["Items"][0]["n"] = {"N": "999"}
    with pytest.raises(InvariantError, match="does not fit"):
        world.verify()
