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
_EXPONENT_LENGTH = 6
#: Characters of a number beyond which its digits are counted first, and digits of an exponent.
_LONG = 1000
_LONGEST_EXPONENT = 9
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
        return _canonical.__wrapped__(_shortened(text) if _NUMBER.fullmatch(text) else text)
    return _canonical(text)


@lru_cache(maxsize=4096)
def _canonical(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        fault = "The parameter cannot be converted to a numeric value"
        shown = f"{fault}: {text}"
        raise ValidationException(shown) if text.strip(" ") else InvalidValue(fault, newer=shown)
    return _write(_decimal(text))


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
        told = exponent.lstrip("+-0") or "0"
        size = int(told) if len(told) <= _LONGEST_EXPONENT else 10**_LONGEST_EXPONENT
        power += -size if exponent.startswith("-") else size
    return f"{'-' * mantissa.startswith('-')}0.{significant}e{power}"


def _decimal(text: str) -> Decimal:
    """`text` as a decimal; an exponent too long to read is replaced by one just out of range."""
    mantissa, _, exponent = text.replace("E", "e").partition("e")
    if len(exponent) > _EXPONENT_LENGTH and len(exponent.lstrip("+-0")) > _EXPONENT_LENGTH:
        exponent = f"{'-' if exponent.startswith('-') else ''}99999"
    return Decimal(f"{mantissa}e{exponent}" if exponent else mantissa)


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
        raise ValidationException(
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        )
    if magnitude < SMALLEST_EXPONENT:
        raise ValidationException(
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        )
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
    negative = text.startswith("-")
    integral, _, fraction = text.lstrip("-").partition(".")
    digits = len((integral + fraction).strip("0"))
    return (digits + 1) // 2 + 1 + negative
