"""A statement does what the operation does that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

import ddbha
from tests.building import on_demand

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PARTITIONS = ("x", "y")
VALUES: list[Any] = [
    {"N": "1"},
    {"N": "2"},
    {"S": "x"},
    {"S": "yx"},
    {"NULL": True},
    {"L": [{"N": "1"}]},
    {"SS": ["x"]},
]
ITEMS = [
    {"pk": {"S": partition}, "sk": {"N": str(number)}, "a": value}
    for partition in PARTITIONS
    for number, value in enumerate(VALUES)
]
#: Conditions as PartiQL and as expressions write them, and their operands.
LEAVES = st.one_of(
    st.tuples(
        st.sampled_from([(op, op) for op in ("=", "<>", "<", "<=", ">", ">=")] + [("!=", "<>")]),
        st.just("a"),
        st.sampled_from(VALUES[:4]),
    ).map(lambda drawn: (f"a {drawn[0][0]} ?", f"a {drawn[0][1]} ?", [drawn[2]])),
    st.sampled_from(PARTITIONS).map(lambda text: ("pk = ?", "pk = ?", [{"S": text}])),
    st.just(("pk IN [?, ?]", "pk IN (?, ?)", [{"S": "y"}, {"S": "x"}])),
    st.tuples(st.sampled_from(["=", "<", "<=", ">", ">="]), st.integers(0, 6)).map(
        lambda drawn: (f"sk {drawn[0]} ?", f"sk {drawn[0]} ?", [{"N": str(drawn[1])}])
    ),
    st.just(("sk BETWEEN ? AND ?", "sk BETWEEN ? AND ?", [{"N": "1"}, {"N": "4"}])),
    st.just(("begins_with(a, ?)", "begins_with(a, ?)", [{"S": "y"}])),
    st.just(("contains(a, ?)", "contains(a, ?)", [{"S": "x"}])),
    st.just(("size(a) = ?", "size(a) = ?", [{"N": "1"}])),
    st.just(("a IS NULL", "attribute_type(a, :null)", [])),
    st.sampled_from(["attribute_exists(a)", "attribute_not_exists(b)"]).map(
        lambda text: (f"{text} = true", text, [])
    ),
    st.just(("b IS MISSING", "attribute_not_exists(b)", [])),
)
Condition = tuple[str, str, list[Any]]


def joined(word: str, parts: list[Condition]) -> Condition:
    return (
        f"({f' {word} '.join(part[0] for part in parts)})",
        f" {word} ".join(f"({part[1]})" for part in parts),
        [operand for part in parts for operand in part[2]],
    )


def negated(part: Condition) -> Condition:
    return f"NOT ({part[0]})", f"NOT ({part[1]})", part[2]


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(joined, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3))
        | inner.map(negated)
    ),
    max_leaves=5,
)


def table(items: list[Any]) -> DynamoDBClient:
    client = ddbha.World(clock=ddbha.ManualClock()).client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="t-1", **on_demand("pk", "sk:N"))
    for item in items:
        client.put_item(TableName="t-1", Item=item)
    return client


FILLED = table(ITEMS)


def placeholders(written: str, operands: list[Any]) -> tuple[str, dict[str, Any]]:
    """The expression with a name for each question mark, and what the names stand for."""
    for number in range(len(operands)):
        written = written.replace("?", f":v{number}", 1)
    values = {f":v{number}": operand for number, operand in enumerate(operands)}
    return written, {**values, ":null": {"S": "NULL"}} if ":null" in written else values


def parameters(operands: list[Any]) -> dict[str, Any]:
    return {"Parameters": operands} if operands else {}


@given(condition=CONDITIONS)
@settings(max_examples=60, deadline=None)
def test_select_finds_what_scan_finds(condition: Condition) -> None:
    statement, expression, operands = condition
    expression, values = placeholders(expression, operands)
    options = {"ExpressionAttributeValues": values} if values else {}
    scanned = FILLED.scan(TableName="t-1", FilterExpression=expression, **options)["Items"]  # type: ignore[arg-type]
    try:
        selected = FILLED.execute_statement(
            Statement=f'SELECT * FROM "t-1" WHERE {statement}', **parameters(operands)
        )["Items"]
    except ClientError as error:
        # Not a filter's refusal but one of PartiQL's: test_statement_grammar.py says when.
        if "Overlapping conditions with range keys" not in str(error):
            raise
        return

    def by_key(item: Any) -> tuple[str, str]:
        return item["pk"]["S"], item["sk"]["N"]

    assert sorted(selected, key=by_key) == sorted(scanned, key=by_key)


@given(
    writes=st.lists(
        st.tuples(
            st.sampled_from(["put", "update", "from", "delete"]),
            st.integers(0, 2),
            st.sampled_from(VALUES),
        ),
        max_size=12,
    )
)
@settings(max_examples=25, deadline=None)
def test_statements_write_what_operations_write(writes: list[tuple[str, int, Any]]) -> None:
    by_statement, by_operation = table([]), table([])
    where = "WHERE pk = 'x' AND sk = ?"
    for kind, number, value in writes:
        sort: Any = {"N": str(number)}
        key: Any = {"pk": {"S": "x"}, "sk": sort}
        codes = []
        for attempt in ("statement", "operation"):
            try:
                if attempt == "statement":
                    text, operands = {
                        "put": ("INSERT INTO \"t-1\" VALUE {'pk': 'x', 'sk': ?, 'a': ?}", [sort, value]),
                        "update": (f'UPDATE "t-1" SET a = ? {where}', [value, sort]),
                        "from": (f'FROM "t-1" {where} SET a = ?', [sort, value]),
                        "delete": (f'DELETE FROM "t-1" {where} AND a = ?', [sort, value]),
                    }[kind]
                    by_statement.execute_statement(Statement=text, Parameters=operands)
                elif kind == "put":
                    by_operation.put_item(
                        TableName="t-1",
                        Item={**key, "a": value},
                        ConditionExpression="attribute_not_exists(pk)",
                    )
                elif kind in ("update", "from"):
                    by_operation.update_item(
                        TableName="t-1",
                        Key=key,
                        UpdateExpression="SET a = :a",
                        ConditionExpression="attribute_exists(pk)",
                        ExpressionAttributeValues={":a": value},
                    )
                else:
                    by_operation.delete_item(
                        TableName="t-1",
                        Key=key,
                        ConditionExpression="attribute_not_exists(pk) OR a = :a",
                        ExpressionAttributeValues={":a": value},
                    )
                codes.append("")
            except ClientError as error:
                codes.append(error.response["Error"]["Code"])
        if codes[0] == "DuplicateItemException":
            codes[0] = "ConditionalCheckFailedException"
        assert codes[0] == codes[1]
    assert by_statement.scan(TableName="t-1")["Items"] == by_operation.scan(TableName="t-1")["Items"]
