"""Requests and answers as JSON, in the form of AWS's JSON protocol 1.0.

https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
"""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import datetime
from typing import Any

from ddbha.errors import SerializationException, ValidationException
from ddbha.values.attribute import NESTED_TOO_DEEPLY

#: Digits of a whole number that a reader in Java takes as well (FasterXML's StreamReadConstraints);
#: reading takes the square of the time.
_LONGEST_NUMBER = 1000


def encoded(answer: dict[str, Any]) -> bytes:
    """An answer as JSON: blobs as base64 text, times as seconds since the epoch.

    Half of a surrogate pair, which UTF-8 cannot have, becomes a question mark, as it does in Java.
    """
    return _ENCODER.encode(answer).encode("utf-8", "replace")


def in_wire_form(value: Any) -> Any:
    """What JSON has for a value that it does not have itself."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(f"{value!r} has no form in JSON")


def decoded(body: bytes) -> Any:
    """What a body says, of any JSON type.

    Raises `SerializationException` for what is no JSON, and `ValidationException` for what is nested
    beyond anything that DynamoDB takes.
    """
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except ValueError:
        # Also what is no UTF-8, and a whole number that is too long.
        raise SerializationException from None
    except RecursionError:
        raise ValidationException(NESTED_TOO_DEEPLY) from None


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("a whole number is too long to be read")
    return int(digits)


def _refuse(constant: str) -> Any:
    raise ValueError(f"JSON has no {constant}")


# Made once: `json.dumps` and `json.loads` make one for each call.  No answer holds itself.
_ENCODER = json.JSONEncoder(
    default=in_wire_form, ensure_ascii=False, separators=(",", ":"), check_circular=False
)
_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_int=_whole)
