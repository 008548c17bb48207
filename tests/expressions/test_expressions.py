"""Expressions, after the developer guide's pages on operators, functions and update expressions."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddbha.errors import ValidationException
from ddbha.expressions.evaluate import condition
from ddbha.expressions.key_condition import KeyRange, key_condition
from ddbha.expressions.projection import projection
from ddbha.expressions.update import update
from ddbha.values.key import KeyAttribute, KeySchema

ITEM: dict[str, Any] = {
    "pk": {"S": "a"},
    "n": {"N": "5"},
    "tags": {"SS": ["x", "y"]},
    "things": {"L": [{"N": "1"}, {"S": "two"}, {"M": {"deep": {"BOOL": True}}}]},
    "doc": {"M": {"child": {"S": "hello"}}},
}
VALUES: dict[str, Any] = {
    ":one": {"N": "1"},
    ":five": {"N": "5"},
    ":nine": {"N": "9"},
    ":he": {"S": "he"},
    ":x": {"S": "x"},
    ":S": {"S": "S"},
    ":true": {"BOOL": True},
    ":set": {"SS": ["y", "x"]},
    ":things": {"L": [{"S": "new"}]},
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("n = :five", True),
        ("n <> :five", False),
        ("gone <> :five", True),
        ("gone = :five", False),
        ("n > :one AND n < :nine", True),
        ("n < :one OR n BETWEEN :one AND :nine", True),
        ("NOT n IN (:one, :nine)", True),
        ("n IN (:one, :set, :five) AND tags IN (:one, :set)", True),
        (":nine > n AND :one <= n AND :five = n", True),
        (":one > n OR n > :he OR n <> :five", False),
        ("doc.child BETWEEN :he AND :x AND NOT n BETWEEN :he AND :x", True),
        ("things[0] < n AND n > things[0] AND NOT pk < n", True),
        ("size(tags) < n AND size(pk) = :one", True),
        ("tags = :set", True),
        ("contains(tags, :x)", True),
        ("contains(things, :one)", True),
        ("begins_with(doc.child, :he)", True),
        ("attribute_type(pk, :S)", True),
        ("attribute_exists(things[2].deep) AND attribute_not_exists(things[3])", True),
        ("size(things) > :one", True),
        ("pk > :one", False),
        ("n = :one OR n = :five AND pk = :x", False),
        ("(n = :one OR n = :five) AND NOT pk = :x", True),
    ],
)
def test_conditions(text: str, holds: bool) -> None:
    compiled = condition(text)
    compiled.check(VALUES)
    assert compiled.holds(ITEM, VALUES) is holds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The expression can not be empty;"),
        ("n = ", 'Syntax error; token: "<EOF>"'),
        ("#n = :one", "is not defined; attribute name: #n"),
        ("n = :unknown", "is not defined; attribute value: :unknown"),
        ("size = :one", "Attribute name is a reserved keyword; reserved keyword: size"),
        ("n < :true", "operator or function: <, operand type: BOOL"),
        ("foo(n)", "Invalid function name; function: foo"),
        ("((n = :one))", "The expression has redundant parentheses;"),
        ("n BETWEEN :nine AND :one", "requires upper bound to be greater than or equal to lower bound"),
        ("n = :one" + " AND n = :one" * 400, "maximum allowed size|too many operators"),
        ("(" * 4096, "Syntax error"),
        ("NOT " * 400 + "n = :one", "too many operators"),
    ],
)
def test_bad_conditions(text: str, message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        condition(text).check(VALUES)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("SET n = n + :one", {"n": {"N": "6"}}),
        ("SET a = n, n = :one", {"a": {"N": "5"}, "n": {"N": "1"}}),
        ("SET a = if_not_exists(a, :nine) - :one", {"a": {"N": "8"}}),
        ("SET doc.child = :x", {"doc": {"M": {"child": {"S": "x"}}}}),
        ("ADD n :nine, fresh :set", {"n": {"N": "14"}, "fresh": {"SS": ["y", "x"]}}),
        ("REMOVE things[0], things[2]", {"things": {"L": [{"S": "two"}]}}),
        ("SET things[9] = :x REMOVE things[1], things[2]", {"things": {"L": [{"N": "1"}, {"S": "x"}]}}),
    ],
)
def test_updates(text: str, changed: dict[str, Any]) -> None:
    compiled = update(text)
    compiled.check(VALUES)
    assert compiled.apply(copy.deepcopy(ITEM), VALUES) == {**ITEM, **changed}


def test_deleting_the_last_member_of_a_set_removes_the_attribute() -> None:
    assert "tags" not in update("DELETE tags :set").apply(dict(ITEM), VALUES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SET a = gone", "refers to an attribute that does not exist in the item"),
        ("SET pk.x = :one", "document path provided in the update expression is invalid"),
        ("SET pk = pk + :one", "An operand in the update expression has an incorrect data type"),
        ("SET a = :one SET b = :one", 'The "SET" section can only be used once'),
        ("SET a = :one, a.b = :one", r"overlap with each other.*path one: \[a\], path two: \[a, b\]"),
        ("SET n = n + :x", r"operator or function: \+, operand type: S"),
    ],
)
def test_bad_updates(text: str, message: str) -> None:
    def compile_and_apply() -> None:
        compiled = update(text)
        compiled.check(VALUES)
        compiled.apply({**ITEM}, VALUES)

    with pytest.raises(ValidationException, match=message):
        compile_and_apply()


def test_projections_close_up_lists() -> None:
    picked = projection("things[2].deep, things[0], #m.child, absent", {"#m": "doc"}).project(ITEM)
    assert picked == {
        "things": {"L": [{"N": "1"}, {"M": {"deep": {"BOOL": True}}}]},
        "doc": {"M": {"child": {"S": "hello"}}},
    }


def test_key_conditions() -> None:
    schema = KeySchema((KeyAttribute("pk", "S"),), (KeyAttribute("n", "N"),))
    bound = key_condition("pk = :x AND n BETWEEN :one AND :nine").bind(schema, VALUES)
    assert bound == KeyRange(({"S": "x"},), (), "BETWEEN", ({"N": "1"}, {"N": "9"}))
    with pytest.raises(ValidationException, match="missed key schema element: pk"):
        key_condition("n = :one").bind(schema, VALUES)
    with pytest.raises(ValidationException, match="Query key condition not supported"):
        key_condition("pk > :x").bind(schema, VALUES)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(alphabet="anN(),.#:[]=<>+- 1OR", max_size=40))
def test_any_text_is_an_expression_or_a_validation_error(text: str) -> None:
    for compile_text in (condition, update, projection, key_condition):
        with suppress(ValidationException):
            compile_text(text, {"#n": "n"})
