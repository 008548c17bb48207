"""Legacy parameters mean what the equivalent expressions mean.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
"""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbha.errors import ValidationException
from ddbha.expressions.evaluate import condition
from ddbha.expressions.legacy import Legacy, legacy
from ddbha.values.attribute import order

SCALARS = st.one_of(
    st.integers(-2, 2).map(lambda number: {"N": str(number)}),
    st.text("ab", max_size=3).map(lambda text: {"S": text}),
    st.binary(max_size=2).map(lambda data: {"B": data}),
)
ANY_VALUE = st.one_of(
    SCALARS,
    st.sampled_from([{"BOOL": True}, {"NULL": True}, {"M": {"a": {"N": "1"}}}]),
    st.lists(SCALARS, max_size=2).map(lambda values: {"L": values}),
    st.sets(st.text("ab", max_size=2), min_size=1).map(lambda texts: {"SS": sorted(texts)}),
    st.sets(st.integers(-2, 2).map(str), min_size=1).map(lambda texts: {"NS": sorted(texts)}),
)
ITEMS = st.dictionaries(st.sampled_from("xyz"), ANY_VALUE)
TEXT = st.text("ab", max_size=2).map(lambda text: {"S": text})

#: For each operator its operands, and the expression over x that AWS's page gives for it.
OPERATORS: dict[str, tuple[st.SearchStrategy[list[Any]], str]] = {
    "EQ": (st.lists(ANY_VALUE, min_size=1, max_size=1), "x = :0"),
    "NE": (st.lists(ANY_VALUE, min_size=1, max_size=1), "x <> :0"),
    "LE": (st.lists(SCALARS, min_size=1, max_size=1), "x <= :0"),
    "LT": (st.lists(SCALARS, min_size=1, max_size=1), "x < :0"),
    "GE": (st.lists(SCALARS, min_size=1, max_size=1), "x >= :0"),
    "GT": (st.lists(SCALARS, min_size=1, max_size=1), "x > :0"),
    "NULL": (st.just([]), "attribute_not_exists(x)"),
    "NOT_NULL": (st.just([]), "attribute_exists(x)"),
    "CONTAINS": (st.lists(SCALARS, min_size=1, max_size=1), "contains(x, :0)"),
    "NOT_CONTAINS": (
        st.lists(SCALARS, min_size=1, max_size=1),
        "attribute_exists(x) AND NOT contains(x, :0)",
    ),
    "BEGINS_WITH": (st.lists(TEXT, min_size=1, max_size=1), "begins_with(x, :0)"),
    "IN": (st.lists(TEXT, min_size=2, max_size=2), "x IN (:0, :1)"),
    "BETWEEN": (
        st.lists(TEXT, min_size=2, max_size=2).map(lambda bounds: sorted(bounds, key=str)),
        "x BETWEEN :0 AND :1",
    ),
}


def compiled(**request: Any) -> Legacy:
    found = legacy(request)
    assert found is not None
    return found


@pytest.mark.parametrize("operator", OPERATORS)
@given(data=st.data())
def test_a_condition_holds_where_the_expression_does(operator: str, data: st.DataObject) -> None:
    operands, text = OPERATORS[operator]
    values: list[Any] = data.draw(operands)
    item: dict[str, Any] = data.draw(ITEMS)
    member: Any = {"ComparisonOperator": operator, "AttributeValueList": values}
    expression = condition(text)
    for parameter in ("Expected", "QueryFilter", "ScanFilter"):
        meant = compiled(**{parameter: {"x": member}})
        assert meant.condition is not None
        assert meant.condition.attributes == {"x"}
        assert meant.condition.holds(item, meant.values) == expression.holds(
            item, {f":{number}": value for number, value in enumerate(values)}
        )


@given(item=ITEMS, value=ANY_VALUE, either=st.booleans())
def test_several_conditions_are_joined(item: Any, value: Any, either: bool) -> None:
    meant = compiled(
        Expected={"x": {"Value": value}, "y": {"Exists": False}},
        ConditionalOperator="OR" if either else "AND",
    )
    word = "OR" if either else "AND"
    expression = condition(f"x = :v {word} attribute_not_exists(y)")
    assert meant.condition is not None
    assert meant.condition.holds(item, meant.values) == expression.holds(item, {":v": value})


# The developer guide's page on AttributeUpdates, case by case.
@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ({"N": "1"}, {"Value": {"S": "x"}}, {"S": "x"}),
        (None, {"Action": "PUT", "Value": {"L": []}}, {"L": []}),
        ({"N": "1"}, {"Action": "DELETE"}, None),
        (None, {"Action": "DELETE"}, None),
        ({"SS": ["a", "b", "c"]}, {"Action": "DELETE", "Value": {"SS": ["a", "c"]}}, {"SS": ["b"]}),
        ({"SS": ["a"]}, {"Action": "DELETE", "Value": {"SS": ["a"]}}, None),
        ({"N": "5"}, {"Action": "ADD", "Value": {"N": "-7"}}, {"N": "-2"}),
        (None, {"Action": "ADD", "Value": {"N": "3"}}, {"N": "3"}),
        ({"NS": ["1", "2"]}, {"Action": "ADD", "Value": {"NS": ["2", "3"]}}, {"NS": ["1", "2", "3"]}),
        (None, {"Action": "ADD", "Value": {"NS": ["3"]}}, {"NS": ["3"]}),
        (
            {"L": [{"N": "1"}]},
            {"Action": "ADD", "Value": {"L": [{"S": "x"}]}},
            {"L": [{"N": "1"}, {"S": "x"}]},
        ),
        (None, {"Action": "ADD", "Value": {"L": [{"S": "x"}]}}, {"L": [{"S": "x"}]}),
    ],
)
def test_attribute_updates(before: Any, change: Any, after: Any) -> None:
    item: dict[str, Any] = {"pk": {"S": "k"}} if before is None else {"pk": {"S": "k"}, "a": before}
    given_change = copy.deepcopy(change)
    meant = compiled(AttributeUpdates={"a": change})
    assert meant.update is not None
    result = meant.update.apply(item, meant.values)
    assert result == ({"pk": {"S": "k"}} if after is None else {"pk": {"S": "k"}, "a": after})
    assert change == given_change


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ({"S": "x"}, {"Action": "ADD", "Value": {"N": "1"}}),
        ({"NS": ["1"]}, {"Action": "ADD", "Value": {"SS": ["1"]}}),
        ({"SS": ["1"]}, {"Action": "DELETE", "Value": {"NS": ["1"]}}),
        ({"N": "1"}, {"Action": "ADD", "Value": {"L": []}}),
    ],
)
def test_an_update_of_another_type_is_refused(before: Any, change: Any) -> None:
    meant = compiled(AttributeUpdates={"a": change})
    assert meant.update is not None
    # dynalite's test/updateItem.js, run against AWS.
    with pytest.raises(ValidationException, match=r"^Type mismatch for attribute to update$"):
        meant.update.apply({"a": before}, meant.values)


def test_only_deletions_create_nothing() -> None:
    deletion = {"Action": "DELETE"}
    for updates, creates in (
        ({"a": deletion}, False),
        ({"a": deletion, "b": {"Value": {"N": "1"}}}, True),
        ({}, True),
    ):
        update = compiled(AttributeUpdates=updates).update
        assert update is not None
        assert update.creates is creates


def test_attributes_to_get_are_names_and_not_paths() -> None:
    projection = compiled(AttributesToGet=["a.b", "size"]).projection
    assert projection is not None
    item: dict[str, Any] = {
        "a": {"M": {"b": {"N": "1"}}},
        "a.b": {"N": "2"},
        "size": {"N": "3"},
        "c": {"N": "4"},
    }
    assert projection.project(item) == {"a.b": {"N": "2"}, "size": {"N": "3"}}


def test_equal_shapes_share_what_is_compiled() -> None:
    first, second = (
        compiled(ScanFilter={"a": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": text}]}})
        for text in "xy"
    )
    assert first.condition is second.condition
    assert first.values != second.values


@given(low=SCALARS, high=SCALARS)
def test_between_needs_bounds_in_order(low: Any, high: Any) -> None:
    member = {"ComparisonOperator": "BETWEEN", "AttributeValueList": [low, high]}
    if low.keys() != high.keys():
        with pytest.raises(ValidationException, match="must be of same type"):
            legacy({"ScanFilter": {"a": member}})
    elif order(low) > order(high):  # type: ignore[operator]
        with pytest.raises(ValidationException, match="lower bound is greater than the upper bound"):
            legacy({"ScanFilter": {"a": member}})
    else:
        assert legacy({"ScanFilter": {"a": member}}) is not None


def test_a_request_without_legacy_parameters_has_none() -> None:
    assert legacy({"TableName": "t", "ConditionExpression": "a = :a"}) is None
