"""Queries of indexes with any number of keys find what a look at every item finds, in the same order.

The rules are those of
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html
"""

from __future__ import annotations

import operator
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import ddbha
from tests.building import index_of, on_demand

#: Few values, so that collections are large; text that Python, UTF-16 and numbers would order otherwise.
VALUES: dict[str, list[Any]] = {
    "S": ["a", "ab", "b", "é", "\U0001f600", "\uffee"],
    "N": ["2", "10", "-1", "0.5"],
    "B": [b"\x00", b"\x00\x01", b"\x7f", b"\xff"],
}
COMPARED = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}

Keys = list[tuple[str, str]]


def rank(value: dict[str, Any]) -> Any:
    """DynamoDB's order: strings as UTF-8 bytes, numbers as numbers, bytes as they are."""
    ((kind, content),) = value.items()
    return Decimal(content) if kind == "N" else content.encode() if kind == "S" else content


def typed(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(VALUES[kind]).map(lambda content: {kind: content})


def named(prefix: str, least: int) -> st.SearchStrategy[Keys]:
    kinds = st.lists(st.sampled_from("SNB"), min_size=least, max_size=4)
    return kinds.map(lambda found: [(f"{prefix}{place}", kind) for place, kind in enumerate(found)])


def items(keys: Keys) -> st.SearchStrategy[list[dict[str, Any]]]:
    # An item in four lacks an attribute, and is not in the index.
    values = st.tuples(*(typed(kind) for _, kind in keys))
    lacking = st.sampled_from([None] * 3 * len(keys) + [name for name, _ in keys])
    one = st.tuples(values, lacking).map(
        lambda drawn: {
            name: value for (name, _), value in zip(keys, drawn[0], strict=True) if name != drawn[1]
        }
    )
    return st.lists(one, min_size=5, max_size=25)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), hashed=named("h", 1), ranged=named("r", 0), forward=st.booleans())
def test_a_query_finds_what_a_look_at_every_item_finds(
    data: st.DataObject, hashed: Keys, ranged: Keys, forward: bool
) -> None:
    keys = [*hashed, *ranged]
    client: Any = ddbha.World(clock=ddbha.ManualClock()).client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        GlobalSecondaryIndexes=[index_of("index", [n for n, _ in hashed], *(n for n, _ in ranged))],
        **on_demand("id:N", more=[f"{name}:{kind}" for name, kind in keys]),
    )
    stored = [
        {"id": {"N": str(number)}, **item} for number, item in enumerate(data.draw(items(keys), "items"))
    ]
    for item in stored:
        client.put_item(TableName="tab", Item=item)

    whole = [item for item in stored if len(item) == len(keys) + 1]
    # Mostly a collection that is there.
    model = data.draw(
        st.sampled_from(whole) if whole else st.tuples(*(typed(k) for _, k in keys)), "model"
    )
    if not whole:
        model = {name: value for (name, _), value in zip(keys, model, strict=True)}
    wanted = [(name, "=", [model[name]]) for name, _ in hashed]
    count = data.draw(st.integers(0, len(ranged)), "sort keys")
    for place, (name, kind) in enumerate(ranged[:count]):
        last = place == count - 1
        some = ["=", "<", "<=", ">", ">=", "BETWEEN"] + ["begins_with"] * (kind != "N")
        comparison = data.draw(st.sampled_from(some), "comparison") if last else "="
        operands = [model[name] if not last else data.draw(typed(kind), "operand")]
        if comparison == "BETWEEN":
            operands = sorted([*operands, data.draw(typed(kind), "upper")], key=rank)
        wanted.append((name, comparison, operands))

    expected = sorted(
        (item for item in whole if all(holds(item[n], c, o) for n, c, o in wanted)),
        key=lambda item: [rank(item[name]) for name, _ in keys],
        reverse=not forward,
    )
    found = pages(client, wanted, forward, data.draw(st.integers(1, 6), "limit"))
    assert sorted(int(item["id"]["N"]) for item in found) == sorted(int(i["id"]["N"]) for i in expected)
    assert [[rank(i[n]) for n, _ in keys] for i in found] == [
        [rank(i[n]) for n, _ in keys] for i in expected
    ]


def holds(value: dict[str, Any], comparison: str, operands: list[dict[str, Any]]) -> bool:
    mine, *others = (rank(one) for one in (value, *operands))
    if comparison == "BETWEEN":
        return bool(others[0] <= mine <= others[1])
    if comparison == "begins_with":
        return bool(mine.startswith(others[0]))
    return bool(COMPARED[comparison](mine, others[0]))


def pages(client: Any, wanted: list[Any], forward: bool, limit: int) -> list[dict[str, Any]]:
    """What a query finds, page by page."""
    values: dict[str, Any] = {}
    parts = []
    for name, comparison, operands in wanted:
        mine = {f":{name}{place}": value for place, value in enumerate(operands)}
        values |= mine
        first, *rest = mine
        if comparison == "BETWEEN":
            parts.append(f"{name} BETWEEN {first} AND {rest[0]}")
        elif comparison == "begins_with":
            parts.append(f"begins_with({name}, {first})")
        else:
            parts.append(f"{name} {comparison} {first}")
    found: list[dict[str, Any]] = []
    start: dict[str, Any] = {}
    while True:
        page = client.query(
            TableName="tab",
            IndexName="index",
            KeyConditionExpression=" AND ".join(parts),
            ExpressionAttributeValues=values,
            ScanIndexForward=forward,
            Limit=limit,
            **start,
        )
        found += page["Items"]
        if "LastEvaluatedKey" not in page:
            return found
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
