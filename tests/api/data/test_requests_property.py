"""Requests of every shape against models of their own: what AWS takes is taken, all else is refused.

The rules stand in tests with their sources (test_keys, test_sizes, test_expressions_and_queries,
tests/expressions/test_grammar, tests/values/test_number); here they meet any value.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import ddbha
from ddbha.api.registry import Caller
from ddbha.errors import AwsError
from ddbha.expressions.reserved import RESERVED
from tests.building import index_on, on_demand

MORE = settings(max_examples=80, deadline=None)


def a_world() -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock=ddbha.ManualClock())
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        GlobalSecondaryIndexes=[index_on("by-g", "g", "h")],
        **on_demand("pk", "sk:N", more=["g", "h"]),
    )
    for number in range(6):
        client.put_item(TableName="tab", Item={"pk": {"S": "x"}, "sk": {"N": str(number)}})
    return world, client


WORLD, CLIENT = a_world()
KEY: Any = {"pk": {"S": "one"}, "sk": {"N": "1"}}


def refusal(operation: str, request: dict[str, Any]) -> str:
    """What is said of a request as it comes over the wire, nothing if it is taken."""
    try:
        WORLD.engine.call("dynamodb", operation, request, Caller(WORLD.account_id, "us-east-1"))
    except AwsError as error:
        return error.message
    return ""


def put(**attributes: Any) -> str:
    return refusal("PutItem", {"TableName": "tab", "Item": {**KEY, **attributes}})


def update(expression: str, values: dict[str, Any]) -> Any:
    CLIENT.update_item(
        TableName="tab", Key=KEY, UpdateExpression=expression, ExpressionAttributeValues=values
    )
    return CLIENT.get_item(TableName="tab", Key=KEY)["Item"]


NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@given(
    text=st.text("0123456789.eE+- _\uff11x", max_size=9)
    | st.decimals(-(10**9), 10**9, places=20).map(str)
)
@MORE
def test_a_number_is_plain_ascii(text: str) -> None:
    said = put(n={"N": text})
    assert bool(said) is (NUMBER.fullmatch(text) is None or "magnitude" in said)
    if "magnitude" in said:
        value = Decimal(text)
        assert not -130 <= value.adjusted() <= 125
    if not said:
        stored = CLIENT.get_item(TableName="tab", Key=KEY)["Item"]["n"]["N"]
        assert Decimal(stored) == Decimal(text)
        assert re.fullmatch(r"0|-?(?:[1-9]\d*(?:\.\d*[1-9])?|0\.\d*[1-9])", stored)


@given(data=st.binary(min_size=1, max_size=5), last=st.sampled_from("ABCDQgwx/+"))
@MORE
def test_base64_has_no_bits_that_no_byte_takes(data: bytes, last: str) -> None:
    text = b64encode(data).decode()
    place = len(text.rstrip("=")) - 1
    text = text[:place] + last + text[place + 1 :]
    sound = b64encode(b64decode(text)).decode() == text
    assert bool(put(b={"B": text})) is not sound


@given(
    lengths=st.tuples(st.sampled_from([1, 2048, 2049]), st.sampled_from([1, 1024, 1025])),
    character=st.sampled_from("aé"),
)
@settings(max_examples=18, deadline=None)
def test_keys_of_indexes_have_bounds(lengths: tuple[int, int], character: str) -> None:
    size = len(character.encode())
    given_keys = [character * (length // size) + "z" * (length % size) for length in lengths]
    said = put(g={"S": given_keys[0]}, h={"S": given_keys[1]})
    wrong = [
        f"Size limit exceeded for Index Key {name} Actual Size: {length} bytes Max Size: {most} bytes"
        for name, length, most in zip("gh", lengths, (2048, 1024), strict=True)
        if length > most
    ]
    assert (wrong[0] in said) if wrong else not said


@pytest.mark.parametrize("where", ["item", "map", "names"])
@pytest.mark.parametrize("length", [0, 1, 65_535, 65_536])
def test_names_of_attributes_have_bounds(where: str, length: int) -> None:
    name, value = "n" * length, {"S": "v"}
    if where == "names":
        said = refusal(
            "UpdateItem",
            {
                "TableName": "tab",
                "Key": KEY,
                "UpdateExpression": "REMOVE #n",
                "ExpressionAttributeNames": {"#n": name},
            },
        )
    else:
        said = put(**({name: value} if where == "item" else {"m": {"M": {name: value}}}))
    assert bool(said) is (length in (0, 65_536))
    assert not said or "Empty attribute name" in said or "Attribute name is too large" in said


@given(name=st.text("aZ_09", min_size=1, max_size=4) | st.sampled_from(sorted(RESERVED)))
@MORE
def test_which_names_need_a_placeholder(name: str) -> None:
    said = refusal("GetItem", {"TableName": "tab", "Key": KEY, "ProjectionExpression": name})
    plain = re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name) and name.upper() not in RESERVED
    assert bool(said) is not bool(plain)
    aliased = {"ProjectionExpression": "#n", "ExpressionAttributeNames": {"#n": name}}
    assert not refusal("GetItem", {"TableName": "tab", "Key": KEY, **aliased})


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=6))
@MORE
def test_the_size_of_a_string_is_in_units_of_utf16(text: str) -> None:
    units = len(text.encode("utf-16-le")) // 2
    assert not put(s={"S": text})
    for size, count in ((units, 1), (units + 1, 0)):
        found = CLIENT.query(
            TableName="tab",
            KeyConditionExpression="pk = :p",
            FilterExpression="size(s) = :n",
            ExpressionAttributeValues={":p": {"S": "one"}, ":n": {"N": str(size)}},
        )
        assert found["Count"] == count


@given(length=st.integers(0, 4), places=st.lists(st.integers(0, 9), min_size=1, max_size=5, unique=True))
@MORE
def test_elements_beyond_the_end_are_appended_in_order(length: int, places: list[int]) -> None:
    assert not put(l={"L": [{"N": str(n)} for n in range(length)]})
    actions = ", ".join(f"l[{place}] = :v{place}" for place in places)
    item = update(f"SET {actions}", {f":v{place}": {"S": str(place)} for place in places})
    model = [{"S": str(n)} if n in places else {"N": str(n)} for n in range(length)]
    model += [{"S": str(place)} for place in sorted(places) if place >= length]
    assert item["l"]["L"] == model


@st.composite
def operands(draw: st.DrawFn) -> tuple[str, int]:
    """An operand of SET, with parentheses or not, and its value."""
    text, value = draw(st.sampled_from([("n", 5), (":two", 2), ("if_not_exists(absent, :two)", 2)]))
    return (f"({text})" if draw(st.booleans()) else text), value


@given(left=operands(), right=operands(), sign=st.sampled_from("+-"), around=st.booleans())
@MORE
def test_operands_may_stand_in_parentheses(
    left: tuple[str, int], right: tuple[str, int], sign: str, around: bool
) -> None:
    assert not put(n={"N": "5"})
    expression = f"{left[0]} {sign} {right[0]}"
    used = {":two": {"N": "2"}} if ":two" in expression else {}
    options = {"ExpressionAttributeValues": used} if used else {}
    CLIENT.update_item(
        TableName="tab",
        Key=KEY,
        UpdateExpression=f"SET m = ({expression})" if around else f"SET m = {expression}",
        **options,
    )
    expected = left[1] + right[1] if sign == "+" else left[1] - right[1]
    assert CLIENT.get_item(TableName="tab", Key=KEY)["Item"]["m"]["N"] == str(expected)
    low, high = sorted((left[1], right[1]))
    condition = f"({left[0]}) BETWEEN :low AND :high" if around else f"{left[0]} >= :low"
    assume("if_not_exists" not in condition and "((" not in condition)
    bounds = {":low": {"N": str(low)}, ":high": {"N": str(high)}, ":two": {"N": "2"}}
    found = CLIENT.query(
        TableName="tab",
        KeyConditionExpression="pk = :p",
        FilterExpression=condition,
        ExpressionAttributeValues={
            ":p": {"S": "one"},
            **{name: value for name, value in bounds.items() if name in condition},
        },
    )
    assert found["Count"] == 1


CONDITIONS: dict[str, Any] = {
    "": lambda sk, a, b: True,
    " AND sk = :a": lambda sk, a, b: sk == a,
    " AND sk < :a": lambda sk, a, b: sk < a,
    " AND sk >= :a": lambda sk, a, b: sk >= a,
    " AND sk BETWEEN :a AND :b": lambda sk, a, b: a <= sk <= b,
}


@given(
    condition=st.sampled_from(sorted(CONDITIONS)),
    bounds=st.tuples(st.integers(0, 5), st.integers(0, 5)).map(sorted),
    start=st.tuples(st.sampled_from("xy"), st.integers(-1, 6)),
    forward=st.booleans(),
)
@MORE
def test_a_starting_key_lies_where_the_query_reads(
    condition: str, bounds: list[int], start: tuple[str, int], forward: bool
) -> None:
    low, high = bounds
    values = {":p": {"S": "x"}, ":a": {"N": str(low)}, ":b": {"N": str(high)}}
    asked = f"pk = :p{condition}"
    request = {
        "TableName": "tab",
        "KeyConditionExpression": asked,
        "ExpressionAttributeValues": {name: value for name, value in values.items() if name in asked},
        "ExclusiveStartKey": {"pk": {"S": start[0]}, "sk": {"N": str(start[1])}},
        "ScanIndexForward": forward,
    }
    holds = CONDITIONS[condition]
    inside = start[0] == "x" and " = :a" not in condition and holds(start[1], low, high)
    if not inside:
        with pytest.raises(ClientError, match=r"starting key|restarted"):
            CLIENT.query(**request)
        return
    found = [int(item["sk"]["N"]) for item in CLIENT.query(**request)["Items"]]
    model = [sk for sk in range(6) if holds(sk, low, high)]
    assert found == (
        [sk for sk in model if sk > start[1]] if forward else [sk for sk in model[::-1] if sk < start[1]]
    )


@given(
    actions=st.lists(
        st.sampled_from(
            ["REMOVE a", "REMOVE m.x", "REMOVE l[2]", "DELETE s :s", "SET b = :n", "ADD c :n"]
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda action: action.split()[0],
    )
)
@MORE
def test_an_update_that_only_removes_makes_no_item(actions: list[str]) -> None:
    key: Any = {"pk": {"S": "nobody"}, "sk": {"N": "1"}}
    CLIENT.delete_item(TableName="tab", Key=key)
    makes = any(action.startswith(("SET", "ADD")) for action in actions)
    # In an item that is made, what holds the removed would have to be there.
    assume(not makes or not {"REMOVE m.x", "REMOVE l[2]"} & set(actions))
    text = " ".join(actions)
    values = {":s": {"SS": ["x"]}, ":n": {"N": "1"}}
    used = {name: value for name, value in values.items() if name in text}
    answer = CLIENT.update_item(
        TableName="tab",
        Key=key,
        UpdateExpression=text,
        ReturnValues="ALL_NEW",
        **({"ExpressionAttributeValues": used} if used else {}),
    )
    assert ("Attributes" in answer) is makes
    assert ("Item" in CLIENT.get_item(TableName="tab", Key=key)) is makes
