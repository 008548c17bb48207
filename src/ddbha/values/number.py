"""DynamoDB's number: 38 significant digits, magnitude 1E-130 to 9.99…E+125, exact arithmetic.

Rules: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, Inexact, Overflow, Rounded
from functools import lru_cache

from ddbha.errors import InvalidValue, ValidationException

Comparable = int | Decimal

MAXIMUM_DIGITS = 38
LARGEST_EXPONENT = 125
SMALLEST_EXPONENT = -130

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_PLAIN_INTEGER = re.compile(r"(?:0|-?[1-9]\d{0,15})", re.ASCII)
#: Characters of a number beyond which its digits are counted first.
_LONG = 1000
#: Characters of an exponent that is read, and one that stands for all that are longer.
_LONGEST_EXPONENT = 30
_LONGER = 10**30
_INTEGER = range(-(2**31), 2**31)
_LONG_INTEGER = range(-(2**63), 2**63)
_OUT_OF_RANGE = "Attempting to store a number with magnitude"
_OVERFLOW = f"Number overflow. {_OUT_OF_RANGE} larger than supported range"
_UNDERFLOW = f"Number underflow. {_OUT_OF_RANGE} smaller than supported range"
_NOT_NUMERIC = "The parameter cannot be converted to a numeric value"
# Two numbers 10**125 and 10**-130 apart need 256 digits to be added without rounding.
_EXACT = Context(prec=600, Emax=999_999, Emin=-999_999, traps=[Inexact, Rounded, Overflow])


def canonical(text: str) -> str:
    """The one way DynamoDB writes a number: no exponent, no needless zeros.

    Raises `ValidationException` if `text` is no number, has more than 38 significant digits, or has a
    magnitude out of range.
    """
    if _PLAIN_INTEGER.fullmatch(text):
        return text
    if len(text) > _LONG:
        # Nothing of that length is kept, and its digits are counted rather than read.
        return _canonical.__wrapped__(_shortened(text) if _NUMBER.fullmatch(text) else text, text)
    return _canonical(text)


@lru_cache(maxsize=4096)
def _canonical(text: str, written: str = "") -> str:
    """As `canonical`, of a number that was written in another way if it was too long."""
    if not _NUMBER.fullmatch(text):
        shown = f"{_NOT_NUMERIC}: {written or text}"
        raise ValidationException(shown) if text.strip(" ") else InvalidValue(_NOT_NUMERIC, newer=shown)
    mantissa, _, exponent = text.lower().partition("e")
    if exponent:
        _check_exponent(mantissa, exponent, written or text)
    return _write(Decimal(text))


def _check_exponent(mantissa: str, exponent: str, written: str) -> None:
    """Refuse an exponent out of range, also that of a zero.

    AWS has two checks, each for some operations: the newer reads exponents of 64 bits, the older those of
    32, in which it also counts, with an overflow, like Java's BigDecimal.
    """
    whole, _, fraction = mantissa.lstrip("+-").partition(".")
    precision = len((whole + fraction).lstrip("0")) or 1
    power = _power(exponent)
    scale = len(fraction) - power
    digits = precision - scale
    unreadable = f"{_NOT_NUMERIC}: {written}"
    newer = _out_of_range(digits) if power in _LONG_INTEGER else unreadable
    older = unreadable
    if power in _INTEGER and scale in _INTEGER:
        older = _out_of_range((digits + 2**31) % 2**32 - 2**31)
    if older or newer:
        raise ValidationException(older) if older == newer else InvalidValue(older, newer=newer)


def _power(exponent: str) -> int:
    """An exponent, or one just as impossible in place of a very long one."""
    told = exponent.lstrip("+-0") or "0"
    size = int(told) if len(told) <= _LONGEST_EXPONENT else _LONGER
    return -size if exponent.startswith("-") else size


def _out_of_range(digits: int) -> str:
    """What is said of a number with so many digits before the point, if anything."""
    if digits > LARGEST_EXPONENT + 1:
        return _OVERFLOW
    return _UNDERFLOW if digits <= SMALLEST_EXPONENT else ""


def _shortened(text: str) -> str:
    """A long number as a short one that is equal to it, or wrong in the same way."""
    mantissa, _, exponent = text.replace("E", "e").partition("e")
    whole, _, fraction = mantissa.lstrip("+-").partition(".")
    digits = whole + fraction
    significant = digits.lstrip("0")
    # The number is 0.SIGNIFICANT times ten to the power of this.
    power = len(whole) - (len(digits) - len(significant))
    significant = significant.rstrip("0")
    if not significant:
        return "0"
    if len(significant) > MAXIMUM_DIGITS:
        significant = significant[:MAXIMUM_DIGITS] + "1"
    if exponent:
        power += _power(exponent)
    return f"{'-' * mantissa.startswith('-')}0.{significant}e{power}"


def _write(value: Decimal) -> str:
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int), "the pattern admits neither NaN nor Infinity"
    significant = "".join(map(str, digits)).lstrip("0")
    if not significant:
        return "0"
    trimmed = significant.rstrip("0")
    exponent += len(significant) - len(trimmed)
    magnitude = exponent + len(trimmed) - 1
    if magnitude > LARGEST_EXPONENT:
        raise ValidationException(_OVERFLOW)
    if magnitude < SMALLEST_EXPONENT:
        raise ValidationException(_UNDERFLOW)
    if len(trimmed) > MAXIMUM_DIGITS:
        raise ValidationException("Attempting to store more than 38 significant digits in a Number")
    if exponent >= 0:
        plain = trimmed + "0" * exponent
    elif magnitude >= 0:
        plain = f"{trimmed[: magnitude + 1]}.{trimmed[magnitude + 1 :]}"
    else:
        plain = f"0.{'0' * (-magnitude - 1)}{trimmed}"
    return f"-{plain}" if sign else plain


def parse(text: str) -> Comparable:
    """The value of a canonical number, for order, equality and hashing."""
    return Decimal(text) if "." in text else int(text)


def add(left: str, right: str) -> str:
    """The exact sum of two canonical numbers; `ValidationException` if it cannot be stored."""
    return _write(_EXACT.add(Decimal(left), Decimal(right)))


def subtract(left: str, right: str) -> str:
    """The exact difference of two canonical numbers; `ValidationException` if it cannot be stored."""
    return _write(_EXACT.subtract(Decimal(left), Decimal(right)))


def size(text: str) -> int:
    """Bytes of a canonical number: one for two significant digits, one more, one more if negative.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    digits = len(text.replace(".", "").strip("-0"))
    return (digits + 1) // 2 + 1 + text.startswith("-")
