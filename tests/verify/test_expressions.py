"""The checker's own reading of expressions: after AWS's pages, and beside the engine's on random ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from ddbha.api.data.placeholders import Expressions
from ddbha.errors import ValidationException
from ddbha.verify.expressions import Unfit, holds, projected, updated
from ddbha.verify.item_values import packed
from ddbha.verify.terms import Terms

#: The item of "Update expressions" in the developer guide.
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
PRODUCT: Any = {
    "Id": {"N": "789"},
    "ProductCategory": {"S": "Home Improvement"},
    "Price": {"N": "52"},
    "InStock": {"BOOL": True},
    "Brand": {"S": "Acme"},
    "RelatedItems": {"L": [{"S": "Hammer"}, {"S": "Nails"}]},
    "Color": {"SS": ["Orange", "Purple"]},
    "ProductReviews": {"M": {"5Star": {"L": [{"S": "Best product ever!"}]}}},
}


def after(update: str, **values: Any) -> Any:
    given = {f":{name}": value for name, value in values.items()}
    terms = Terms({"UpdateExpression": update, "ExpressionAttributeValues": given})
    actions = terms.actions()
    assert actions is not None
    return updated(actions, PRODUCT, terms.values)


@pytest.mark.parametrize(
    ("update", "values", "changed"),
    [
        ("SET Price = Price - :p", {"p": {"N": "15"}}, {"Price": {"N": "37"}}),
        (
            "SET RelatedItems[1] = :ri",
            {"ri": {"S": "Screws"}},
            {"RelatedItems": {"L": [{"S": "Hammer"}, {"S": "Screws"}]}},
        ),
        (
            "SET RelatedItems = list_append(:ri, RelatedItems)",
            {"ri": {"L": [{"S": "Hinges"}]}},
            {"RelatedItems": {"L": [{"S": "Hinges"}, {"S": "Hammer"}, {"S": "Nails"}]}},
        ),
        ("SET Price = if_not_exists(Price, :p)", {"p": {"N": "1"}}, {}),
        ("REMOVE Brand, InStock", {}, {"Brand": None, "InStock": None}),
        ("REMOVE RelatedItems[0]", {}, {"RelatedItems": {"L": [{"S": "Nails"}]}}),
        ("ADD QuantityOnHand :q", {"q": {"N": "5"}}, {"QuantityOnHand": {"N": "5"}}),
        (
            "ADD Color :c",
            {"c": {"SS": ["Yellow", "Purple"]}},
            {"Color": {"SS": ["Orange", "Purple", "Yellow"]}},
        ),
        ("DELETE Color :p", {"p": {"SS": ["Orange", "Purple"]}}, {"Color": None}),
        (
            "SET RelatedItems[9] = :a, RelatedItems[5] = :b REMOVE RelatedItems[0]",
            {"a": {"S": "last"}, "b": {"S": "new"}},
            {"RelatedItems": {"L": [{"S": "Nails"}, {"S": "new"}, {"S": "last"}]}},
        ),
    ],
)
def test_updates_are_those_of_the_guide(update: str, values: Any, changed: Any) -> None:
    wanted = {name: value for name, value in {**PRODUCT, **changed}.items() if value is not None}
    assert packed(after(update, **values)) == packed(wanted)


@pytest.mark.parametrize(
    "update", ["SET a.b = :v", "SET Price[0] = :v", "REMOVE nowhere.b", "ADD Brand :v", "SET a = a + :v"]
)
def test_what_does_not_fit_an_item_is_told(update: str) -> None:
    with pytest.raises(Unfit):
        after(update, v={"N": "1"})


#: Conditions about an item with two of each: https://docs.aws.amazon.com/amazondynamodb/latest/
#: developerguide/Expressions.OperatorsAndFunctions.html
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("attribute_exists(Brand) AND attribute_not_exists(Brand.x)", True),
        ("nowhere <> :n", True),
        ("nowhere = :n OR nowhere < :n", False),
        ("NOT (Price BETWEEN :n AND Price)", False),
        ("Price IN (:s, :n)", False),
        ("begins_with(Brand, :s) AND contains(Brand, :s)", True),
        ("contains(Color, :o) AND NOT contains(Color, :s)", True),
        ("contains(RelatedItems, :h)", True),
        ("size(Color) = size(RelatedItems) AND size(Brand) > :n", True),
        ("attribute_type(Price, :t)", True),
        ("Price > :s", False),
    ],
)
def test_conditions_hold_as_the_guide_says(condition: str, expected: bool) -> None:
    given: Any = {
        ":n": {"N": "2.0"},
        ":s": {"S": "A"},
        ":o": {"S": "Orange"},
        ":h": {"S": "Hammer"},
        ":t": {"S": "N"},
    }
    used = {name: value for name, value in given.items() if name in condition}
    terms = Terms({"ConditionExpression": condition, "ExpressionAttributeValues": used})
    tree = terms.condition()
    assert tree is not None
    assert holds(tree, PRODUCT, terms.values) is expected


VALUES: list[Any] = [
    {"N": "1"},
    {"N": "1.5"},
    {"N": "-2"},
    {"S": "a"},
    {"S": "ab\U0001f600"},
    {"B": b"a"},
    {"BOOL": True},
    {"NULL": True},
    {"SS": ["a", "b"]},
    {"NS": ["1", "2"]},
    {"BS": [b"a"]},
    {"L": [{"N": "1"}, {"S": "a"}]},
    {"M": {"a": {"N": "1"}, "b": {"L": [{"S": "a"}, {"M": {"c": {"N": "2"}}}]}}},
]
PATHS = ["a", "b", "c", "d", "a.a", "a.b", "b[0]", "b[1]", "a.b[0]", "a.b[1].c", "c[5]"]


def random_item(draw: Random) -> Any:
    return {name: draw.choice(VALUES) for name in "abc" if draw.random() < 0.8}


def random_operand(draw: Random) -> str:
    kind = draw.random()
    if kind < 0.5:
        return draw.choice(PATHS)
    return f":v{draw.randrange(len(VALUES))}" if kind < 0.9 else f"size({draw.choice(PATHS)})"


def random_condition(draw: Random, depth: int = 0) -> str:
    kind = draw.randrange(9 if depth < 2 else 6)
    one, two, three = (random_operand(draw) for _ in range(3))
    path = draw.choice(PATHS)
    if kind == 0:
        return f"attribute_{draw.choice(['exists', 'not_exists'])}({path})"
    if kind == 1:
        return f"{draw.choice(['contains', 'begins_with'])}({path}, {two})"
    if kind == 2:
        return f"{one} BETWEEN {two} AND {three}"
    if kind == 3:
        return f"{one} IN ({two}, {three})"
    if kind in (4, 5):
        return f"{one} {draw.choice(['=', '<>', '<', '<=', '>', '>='])} {two}"
    left, right = random_condition(draw, depth + 1), random_condition(draw, depth + 1)
    return f"NOT ({left})" if kind == 6 else f"({left}) {'AND' if kind == 7 else 'OR'} ({right})"


def random_update(draw: Random) -> str:
    clauses = []
    paths = draw.sample(PATHS, 4)
    value = f":v{draw.randrange(len(VALUES))}"
    operand = draw.choice(
        [
            value,
            paths[3],
            f"{paths[3]} + {value}",
            f"if_not_exists({paths[3]}, {value})",
            f"list_append({paths[3]}, {value})",
        ]
    )
    if draw.random() < 0.7:
        clauses.append(f"SET {paths[0]} = {operand}")
    if draw.random() < 0.5:
        clauses.append(f"REMOVE {paths[1]}")
    if draw.random() < 0.5 or not clauses:
        adding = f":v{draw.randrange(len(VALUES))}"
        clauses.append(f"{draw.choice(['ADD', 'DELETE'])} {paths[2]} {adding}")
    return " ".join(clauses)


def with_values(text: str, **body: Any) -> Any:
    used = {f":v{n}": value for n, value in enumerate(VALUES) if f":v{n} " in f"{_spaced(text)} "}
    return {**body, **({"ExpressionAttributeValues": used} if used else {})}


def _spaced(text: str) -> str:
    return text.replace(")", " ").replace(",", " ")


def taken(
    seed: int, parameter: str, random_text: Callable[[Random], str]
) -> Iterator[tuple[str, Any, Expressions, Terms]]:
    """Random texts that the engine takes, each with an item, the engine's reading and the checker's."""
    draw = Random(seed)
    for _ in range(2500):
        text = random_text(draw)
        body = with_values(text, **{parameter: text})
        try:
            engine = Expressions(body)
            engine.condition()
            engine.update()
        except ValidationException:
            continue
        yield text, random_item(draw), engine, Terms(body)


def test_conditions_hold_where_the_engine_finds_them_to() -> None:
    seen = set()
    for text, item, engine, terms in taken(1, "ConditionExpression", random_condition):
        condition, tree = engine.condition(), terms.condition()
        assert condition is not None
        assert tree is not None
        found = holds(tree, item, terms.values)
        assert found is condition.holds(item, engine.values), (text, item)
        seen.add(found)
    assert seen == {True, False}


def test_updates_leave_what_the_engine_does() -> None:
    seen = set()
    for text, item, engine, terms in taken(2, "UpdateExpression", random_update):
        update, actions = engine.update(), terms.actions()
        assert update is not None
        assert actions is not None
        try:
            wanted = packed(update.apply(_copy(item), engine.values))
        except ValidationException:
            wanted = None
        try:
            found = packed(updated(actions, item, terms.values))
        except Unfit:
            found = None
        assert found == wanted, (text, item)
        seen.add(found is None)
    assert seen == {True, False}


def test_projections_show_what_the_engine_does() -> None:
    draw = Random(3)
    for _ in range(1000):
        text = ", ".join(draw.sample(PATHS, draw.randrange(1, 4)))
        try:
            projection = Expressions({"ProjectionExpression": text}).projection()
        except ValidationException:
            continue
        paths, item = Terms({"ProjectionExpression": text}).paths(), random_item(draw)
        assert projection is not None
        assert paths is not None
        assert packed(projected(paths, item)) == packed(projection.project(item)), (text, item)


LEGACY: list[Any] = [
    {"ComparisonOperator": by, "AttributeValueList": [{"S": "a"}]}
    for by in ("EQ", "NE", "LE", "LT", "GE", "GT", "BEGINS_WITH", "CONTAINS", "NOT_CONTAINS", "IN")
] + [
    {"ComparisonOperator": "NULL"},
    {"ComparisonOperator": "NOT_NULL"},
    {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "1"}, {"N": "3"}]},
    {"Value": {"N": "1"}},
    {"Exists": False},
]


def test_legacy_parameters_mean_what_the_engine_takes_them_for() -> None:
    draw = Random(4)
    for one in LEGACY:
        for other in LEGACY:
            body = {"Expected": {"a": one, "b": other}, "ConditionalOperator": draw.choice(["AND", "OR"])}
            engine, terms = Expressions(body), Terms(body)
            condition, tree = engine.condition(), terms.condition()
            assert condition is not None
            assert tree is not None
            for _ in range(10):
                item = random_item(draw)
                expected = condition.holds(item, engine.values)
                assert holds(tree, item, terms.values) is expected, (body, item)
    changes: list[Any] = [
        {"Action": action, "Value": value} for action in ("PUT", "ADD", "DELETE") for value in VALUES
    ]
    for change in [*changes, {"Action": "DELETE"}]:
        body = {"AttributeUpdates": {"a": change}}
        try:
            engine = Expressions(body)
        except ValidationException:
            continue
        terms = Terms(body)
        for _ in range(10):
            item, update, actions = random_item(draw), engine.update(), terms.actions()
            assert update is not None
            assert actions is not None
            try:
                wanted = packed(update.apply(_copy(item), engine.values))
            except ValidationException:
                wanted = None
            try:
                found = packed(updated(actions, item, terms.values))
            except Unfit:
                found = None
            assert found == wanted, (body, item)


def _copy(item: Any) -> Any:
    if isinstance(item, dict):
        return {name: _copy(value) for name, value in item.items()}
    return [_copy(value) for value in item] if isinstance(item, list) else item
