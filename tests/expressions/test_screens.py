"""A screen lets every item pass that meets the condition, and hardly any other."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ddbha.errors import ValidationException
from ddbha.expressions.evaluate import condition
from ddbha.expressions.parser import Parser
from ddbha.values.attribute import Item, canonical_item, canonical_value
from ddbha.values.image import pack, part
from ddbha.verify.expressions import holds

LONG = "é" * 300 + "\U0001f600\ud800"
#: Texts that look like parts of packed items: a name before a number, a value, the beginning of one.
MISLEADING = [
    (part("n") + part({"N": "7"})).decode(),
    (part("n") + part({"N": "no number"})).decode(),
    (part("n") + part({"S": "x"})[:-6]).decode(),
    (part("n") * 2 + b"{").decode(),
]
TEXTS = ["", "a", "aa", "ab", "paid", "paid in full", LONG, f"{LONG} and more", *MISLEADING]
NUMBERS = ["0", "-1.5", "7", "120", "1e100", "-1e-130", "0.1", "0.10000000000000000000000000000000000001"]
NUMBERS += ["9007199254740993", "9007199254740992", "-120"]
BYTES = [b"", b"\x00\xff[", b"\x00\xff[\xda", b"a", b"\xff"]

scalars = st.one_of(
    st.sampled_from(TEXTS).map(lambda text: {"S": text}),
    st.sampled_from(NUMBERS).map(lambda text: {"N": text}),
    st.sampled_from(BYTES).map(lambda content: {"B": content}),
    st.booleans().map(lambda content: {"BOOL": content}),
    st.just({"NULL": True}),
)
sets = st.one_of(
    st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3, unique=True).map(
        lambda found: {"SS": found}
    ),
    st.lists(st.sampled_from(BYTES), min_size=1, max_size=3, unique=True).map(
        lambda found: {"BS": found}
    ),
    st.sampled_from([{"NS": ["7", "120"]}, {"NS": ["-1.5"]}]),
)
names = st.sampled_from(["n", "m", "é", "N"])
values: st.SearchStrategy[dict[str, Any]] = st.recursive(
    scalars | sets,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda found: {"L": found}),
        st.dictionaries(names, inner, max_size=2).map(lambda found: {"M": found}),
    ),
    max_leaves=5,
)
items = st.dictionaries(names, values, max_size=4)

paths = st.sampled_from(["n", "m", "#e", "n.m", "m.n", "n[0]", "n[0].n", "m.#e"])
operands = st.one_of(paths, st.sampled_from([":a", ":b"]))
atoms = st.one_of(
    st.tuples(operands, st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), operands).map(" ".join),
    st.tuples(operands, operands, operands).map(lambda three: "{} BETWEEN {} AND {}".format(*three)),
    st.tuples(operands, operands, operands).map(lambda three: "{} IN ({}, {})".format(*three)),
    st.tuples(st.sampled_from(["begins_with", "contains"]), operands, operands).map(
        lambda three: "{}({}, {})".format(*three)
    ),
    st.tuples(st.sampled_from(["attribute_exists", "attribute_not_exists"]), paths).map(
        lambda two: "{}({})".format(*two)
    ),
    paths.map("attribute_type({}, :type)".format),
    st.tuples(paths, operands).map(lambda two: "size({}) = {}".format(*two)),
)
texts = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(
            lambda three: "({} {} {})".format(*three)
        ),
        inner.map("(NOT {})".format),
    ),
    max_leaves=3,
)


@settings(max_examples=300, deadline=None)
@given(texts, items, values, values, st.sampled_from(["S", "N", "L", "M", "NULL", "BS"]))
def test_whatever_meets_a_condition_passes(
    text: str, item: dict[str, Any], first: dict[str, Any], second: dict[str, Any], kind: str
) -> None:
    given_values = {":a": first, ":b": second, ":type": {"S": kind}}
    bound = {name: canonical_value(value)[0] for name, value in given_values.items()}
    compiled = condition(text, {"#e": "é"})
    try:
        compiled.check(bound)
    except ValidationException:
        assume(False)
    canonical, size = canonical_item(item)
    wanted, packed = (canonical, bound), pack(canonical, size)
    screens = compiled.screens(bound)
    assert compiled.holds(*wanted) is holds(Parser(text, {"#e": "é"}, "").condition(), *wanted)
    if not all(screen(packed) for screen in screens):
        assert not compiled.holds(*wanted)


@pytest.mark.parametrize("operator", ["=", "<", "<=", ">", ">="])
@pytest.mark.parametrize(("kind", "contents"), [("S", TEXTS), ("N", NUMBERS), ("B", BYTES)])
def test_comparisons_let_those_pass_that_hold(operator: str, kind: str, contents: list[Any]) -> None:
    compiled = condition(f"n {operator} :a")
    for content, bound in itertools.product(contents, contents):
        item, size = canonical_item({"m": {"S": MISLEADING[0]}, "n": {kind: content}})
        values = {":a": canonical_value({kind: bound})[0]}
        (screen,) = compiled.screens(values)
        if compiled.holds(item, values):
            assert screen(pack(item, size))


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}),
        ({"M": {"a": {"N": "1"}, "b": {"N": "2"}}}, {"M": {"b": {"N": "2"}, "a": {"N": "1"}}}),
        ({"L": [{"NS": ["1", "2"]}]}, {"L": [{"NS": ["2", "1"]}]}),
    ],
)
@pytest.mark.parametrize("text", ["n = :a", ":a = n", "n IN (:b, :a)"])
def test_equals_pass_in_whatever_order_they_are(text: str, held: Any, asked: Any) -> None:
    compiled, values = condition(text), {":a": asked, ":b": {"S": "b"}}
    (screen,) = compiled.screens(values)
    assert compiled.holds({"n": held}, values)
    assert screen(pack({"n": held}, 1))


ITEM: Item = {
    "pk": {"S": "a"},
    "n": {"N": "120"},
    "word": {"S": "paid in full"},
    "paid": {"BOOL": True},
    "tags": {"SS": ["new", "paid"]},
    "doc": {"M": {"deep": {"N": "5"}}},
}
BOUND: Item = {
    ":text": {"S": "unpaid"},
    ":zzz": {"S": "zzz"},
    ":small": {"N": "6"},
    ":large": {"N": "1000"},
    ":false": {"BOOL": False},
    ":type": {"S": "S"},
    ":list": {"L": []},
}


@pytest.mark.parametrize(
    "text",
    [
        "n = :text",
        "word = :text",
        ":text = word",
        "paid = :false",
        "n > :large",
        ":large <= n",
        "n < :small",
        "n < :text",
        "word > :zzz",
        "doc.deep > :small",
        "n BETWEEN :small AND :small",
        "n IN (:small, :large)",
        "gone = :list",
        "n = :list",
        "begins_with(word, :text)",
        "contains(tags, :text)",
        "attribute_exists(gone)",
        "attribute_exists(doc.gone)",
        "attribute_type(n, :type)",
        "attribute_not_exists(n) AND n > :large",
        "n > :large OR word = :text",
        "n < :large AND word = :text OR n < :small AND paid = :false",
    ],
)
def test_what_lacks_what_is_looked_for_does_not_pass(text: str) -> None:
    compiled = condition(text)
    compiled.check(BOUND)
    packed = pack(*canonical_item(ITEM))
    assert not all(screen(packed) for screen in compiled.screens(BOUND))


@pytest.mark.parametrize(
    "text",
    [
        "n <> :text",
        "NOT n = :text",
        "n = :text OR n <> :text",
        "attribute_not_exists(n)",
        "contains(:text, n)",
        "contains(n, :list)",
        "contains(n, :list) OR n = :text",
        "size(n) = :small",
        "n = word",
        "n IN (:text, pk)",
    ],
)
def test_of_what_items_have_nothing_in_common_there_is_no_screen(text: str) -> None:
    assert condition(text).screens(BOUND) == []
