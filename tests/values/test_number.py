"""Numbers, after the developer guide's page on data types: 38 digits, 1E-130 to 9.99…E+125."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbha.errors import ValidationException
from ddbha.values import number

#: What Python's own number types would read.
DECORATED = [" 1", "1 ", "1_0", "\uff11", "\u0663", "1\n", "\t1", "- 1", "1,0", "inf", "+-1"]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("1.0", "1"), ("1E2", "100"), ("-0", "0"), ("007", "7"), (".5", "0.5"), ("-1.50", "-1.5")],
)
def test_numbers_are_read_back_without_exponent_or_needless_zeros(text: str, canonical: str) -> None:
    assert number.canonical(text) == canonical


@pytest.mark.parametrize("text", ["", "abc", "1 2", "NaN", "Infinity", "0x1", "1e", *DECORATED])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValidationException, match="cannot be converted to a numeric value"):
        number.canonical(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1E126", "Number overflow"),
        ("1E-131", "Number underflow"),
        ("1" * 39, "more than 38 significant digits"),
        # Of the older check; tests/api/wire/test_wording.py has both.
        ("1e2147483647", "Number underflow"),
        ("1e2147483648", "cannot be converted to a numeric value: 1e2147483648"),
        ("1e9223372036854775808", "cannot be converted to a numeric value: 1e9223372036854775808"),
        ("0e126", "Number overflow"),
        ("0e-131", "Number underflow"),
    ],
)
def test_limits(text: str, message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        number.canonical(text)


_decimals = st.decimals(min_value=-(10**18), max_value=10**18, places=9)


@given(_decimals, _decimals)
def test_arithmetic_is_exact(left: Decimal, right: Decimal) -> None:
    a, b = number.canonical(str(left)), number.canonical(str(right))
    assert Decimal(number.add(a, b)) == left + right
    assert Decimal(number.subtract(a, b)) == left - right


@given(_decimals, _decimals)
def test_order_is_by_value(left: Decimal, right: Decimal) -> None:
    a = number.parse(number.canonical(str(left)))
    b = number.parse(number.canonical(str(right)))
    assert (a < b) == (left < right)
    assert (a == b) == (left == right)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0" * 5000 + "1.50" + "0" * 5000, "1.5"),
        ("-" + "0" * 5000, "0"),
        ("0." + "0" * 2000 + "12e2001", "1.2"),
        ("1" + "0" * 2000 + "e-1999", "10"),
        ("9" * 5000, "larger than supported range"),
        ("9" * 2000 + "e-1990", "more than 38 significant digits"),
        ("0." + "0" * 5000 + "1", "smaller than supported range"),
        ("1e" + "0" * 5000 + "3", "1000"),
        ("1e-" + "9" * 5000, "cannot be converted to a numeric value: 1e-9999"),
        ("1E+" + "9" * 5000, r"cannot be converted to a numeric value: 1E\+9999"),
        ("9" * 5000 + "x", "cannot be converted"),
    ],
)
def test_long_texts_are_counted_and_not_read(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: str
) -> None:
    read: list[int] = []

    def counted(given: str) -> Decimal:
        read.append(len(given))
        return Decimal(given)

    monkeypatch.setattr(number, "Decimal", counted)
    if expected[0].isdigit():
        assert number.canonical(text) == expected
    else:
        with pytest.raises(ValidationException, match=expected):
            number.canonical(text)
    assert max(read, default=0) < 60
