"""Requests of any shape to requests that have the types of the service model.

What arrives may come from JSON or from a client that checks nothing.  Reading it gives a copy with the
model's members and types only: unknown members and nulls are dropped, fractions of integers are cut off,
base64 text becomes bytes.  What has another JSON type than the model says is answered as AWS's parser
answers it.
"""

from __future__ import annotations

import binascii
import math
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from itertools import islice
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from ddbha.errors import SerializationException, ValidationException
from ddbha.values.attribute import ITEM_TOO_LARGE

Reader = Callable[[Any], Any]

#: Containers around a value beyond which nothing is read: every operation would refuse it for its depth.
MAXIMUM_DEPTH = 62

_BAD_BASE64 = "Invalid last non-pad Base64 character dectected"
#: Members that a collection has too many of, wherever the model says how many it may have.
_MANY = 1000
#: Elements that no value can have within the size of an item.
_MOST_ELEMENTS = 400 * 1024
#: Attributes that no item can have: few names are of one byte.
_MOST_ATTRIBUTES = _MOST_ELEMENTS // 3
#: Members of a collection that the model does not bound, but which no request needs: no expression has as
#: many names, and no table as many settings.
_MOST_MEMBERS = 10_000
#: Maps that are items, or as large as one may be.
_ITEMS = frozenset({"AttributeMap", "Key", "PutItemInputAttributeMap"})

_PACKAGE = "com.amazonaws.dynamodb.v20120810."
_NOT_A_CLASS = (
    "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class "
    "java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class "
    "are in module java.base of loader 'bootstrap')"
)
_SCALAR_NAMES = {"string": "String", "integer": "Integer", "long": "Long", "boolean": "Boolean"}
_SCALAR_NAMES |= {"double": "Double", "float": "Float", "timestamp": "Date"}
_JAVA_CLASSES = {"blob": "java.nio.ByteBuffer", "timestamp": "java.util.Date"}
#: What the whole numbers of each type are below.
INTEGERS = {"integer": 2**31, "long": 2**63}
_TRUE, _FALSE = ("TRUE", "1", "YES"), ("FALSE", "0", "NO")


def request_reader(shape: StructureShape | None) -> Reader:
    """The reader of a whole request."""
    return _members_reader(StructureShape("Empty", {}) if shape is None else shape, "", {})


def _reader(shape: Shape, holder: str, known: dict[tuple[str, str], Reader]) -> Reader:
    """The reader of a shape in a `structure`, a `list` or a `map`: AWS's messages tell them apart."""
    key = shape.name, "structure" if holder == "structure" else "collection"
    if key not in known:
        if shape.name == "AttributeValue":
            known[key] = _field_value if holder == "structure" else _attribute_value
        elif isinstance(shape, StructureShape):
            known[key] = _members_reader(shape, holder, known)
        elif isinstance(shape, ListShape):
            known[key] = _list_reader(shape, holder, known)
        elif isinstance(shape, MapShape):
            known[key] = _map_reader(shape, holder, known)
        else:
            known[key] = _scalar_reader(shape.type_name)
    return known[key]


def _members_reader(shape: StructureShape, holder: str, known: dict[tuple[str, str], Reader]) -> Reader:
    members = {name: _reader(member, "structure", known) for name, member in shape.members.items()}

    def read(given: Any) -> dict[str, Any]:
        if not isinstance(given, dict):
            raise _not_a_structure(given, shape.name, holder)
        found = {}
        for name, content in given.items():
            if content is not None and name in members:
                found[name] = members[name](content)
        return found

    return read


def _list_reader(shape: ListShape, holder: str, known: dict[tuple[str, str], Reader]) -> Reader:
    member = _reader(shape.member, "list", known)
    is_attributes = shape.member.name == "AttributeValue"
    enough = _enough(shape)

    def read(given: Any) -> list[Any]:
        elements = _elements(given, holder)
        if enough is None:
            if len(elements) > _MOST_MEMBERS:
                raise _too_many()
        elif len(elements) > enough:
            elements = elements[:enough]
        return [member(element) for element in elements if element is not None or is_attributes]

    return read


def _map_reader(shape: MapShape, holder: str, known: dict[tuple[str, str], Reader]) -> Reader:
    value = _reader(shape.value, "map", known)
    is_attributes = shape.value.name == "AttributeValue"
    enough = _enough(shape)
    most = _MOST_ATTRIBUTES if shape.name in _ITEMS else _MOST_MEMBERS
    of = "java.lang.String" if shape.value.type_name == "string" else _PACKAGE + shape.value.name

    def read(given: Any) -> dict[str, Any]:
        entries = _entries(given, of, holder)
        if enough is None:
            if len(entries) > most:
                raise ValidationException(ITEM_TOO_LARGE) if shape.name in _ITEMS else _too_many()
        elif len(entries) > enough:
            entries = dict(islice(entries.items(), enough))
        return {
            name if type(name) is str else _text(name): value(content)
            for name, content in entries.items()
            if content is not None or is_attributes
        }

    return read


def _enough(shape: Shape) -> int | None:
    """How many members tell that there are too many, and are read of those; None where any may do."""
    # Nulls of a list are none of its members.
    return None if shape.metadata.get("max") is None else max(_MANY, 2 * int(shape.metadata["max"]))


def _too_many() -> ValidationException:
    return ValidationException(f"A collection of the request has more than {_MOST_MEMBERS} members")


def _elements(given: Any, holder: str = "structure") -> Any:
    if isinstance(given, (list, tuple)):
        return given
    if isinstance(given, dict):
        raise _unexpected_map()
    raise SerializationException("Unexpected field type" if holder == "structure" else _NOT_A_CLASS)


def _entries(given: Any, of: str, holder: str = "structure") -> dict[Any, Any]:
    if isinstance(given, dict):
        return given
    if isinstance(given, (list, tuple)):
        raise SerializationException(
            f"Unrecognized collection type java.util.Map<java.lang.String, {of}>"
        )
    raise SerializationException("Unexpected field type" if holder == "structure" else _NOT_A_CLASS)


def _not_a_structure(given: Any, name: str, holder: str) -> SerializationException:
    if isinstance(given, (list, tuple)):
        return SerializationException(f"Unrecognized collection type class {_PACKAGE}{name}")
    return SerializationException(
        "Unexpected field type" if holder == "structure" else "Unexpected value type in payload"
    )


def _unexpected_map() -> SerializationException:
    return SerializationException("Start of structure or map found where not expected")


def _scalar_reader(type_name: str) -> Reader:
    convert = _CONVERSIONS[type_name]
    is_text = type_name == "string"

    def read(given: Any) -> Any:
        # Most of a request is text.
        if is_text and type(given) is str:
            return given
        if isinstance(given, dict):
            raise _unexpected_map()
        if isinstance(given, (list, tuple)):
            java_class = _JAVA_CLASSES.get(type_name) or f"java.lang.{_SCALAR_NAMES[type_name]}"
            raise SerializationException(f"Unrecognized collection type class {java_class}")
        return convert(given, type_name)

    return read


def _string(given: Any, type_name: str) -> str:
    if isinstance(given, str):
        return _text(given)
    raise _not_convertible(given, type_name)


def _text(given: Any) -> str:
    """A plain string, also of an enum member or another subclass."""
    return str.__str__(given) if isinstance(given, str) else str(given)


def _boolean(given: Any, type_name: str) -> bool:
    if isinstance(given, bool):
        return given
    if isinstance(given, str):
        if given.upper() in _TRUE or given.upper() in _FALSE:
            return given.upper() in _TRUE
        raise SerializationException("Unexpected token received from parser")
    raise _not_convertible(given, type_name)


def _integer(given: Any, type_name: str) -> int:
    if not isinstance(given, (int, float, Decimal)) or isinstance(given, bool):
        raise _not_convertible(given, type_name)
    # A whole number may be too large to be asked whether it is finite.
    if (
        not (isinstance(given, int) or math.isfinite(given))
        or not -INTEGERS[type_name] <= given < INTEGERS[type_name]
    ):
        raise _not_convertible(given, type_name)
    return int(given)


def _double(given: Any, type_name: str) -> float:
    if not isinstance(given, (int, float, Decimal)) or isinstance(given, bool):
        raise _not_convertible(given, type_name)
    try:
        return float(given)
    except (OverflowError, ValueError):
        raise _not_convertible(given, type_name) from None


def _blob(given: Any, type_name: str) -> bytes:
    if isinstance(given, (bytes, bytearray, memoryview)):
        return bytes(given)
    if not isinstance(given, str):
        raise SerializationException("only base-64-encoded strings are convertible to bytes")
    if len(given) % 4:
        raise SerializationException(
            f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(given)}"
        )
    try:
        data = b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        raise SerializationException(_BAD_BASE64) from None
    # The bits of the last character that no byte takes have to be zero.
    rest = len(data) % 3
    if rest and b64encode(data[-rest:]).decode() != given[-4:]:
        raise SerializationException(_BAD_BASE64)
    return data


def _timestamp(given: Any, type_name: str) -> datetime:
    if isinstance(given, datetime):
        return given
    seconds = _double(given, type_name)
    try:
        return datetime.fromtimestamp(seconds, timezone.utc)
    except (OverflowError, ValueError, OSError):
        raise _not_convertible(given, type_name) from None


_CONVERSIONS: dict[str, Callable[[Any, str], Any]] = {
    "string": _string,
    "boolean": _boolean,
    "integer": _integer,
    "long": _integer,
    "double": _double,
    "float": _double,
    "blob": _blob,
    "timestamp": _timestamp,
}


def _not_convertible(given: Any, type_name: str) -> SerializationException:
    if isinstance(given, bool):
        token = "TRUE_VALUE" if given else "FALSE_VALUE"
    elif isinstance(given, int):
        token = "NUMBER_VALUE"
    elif isinstance(given, (float, Decimal)):
        token = "DECIMAL_VALUE"
    elif isinstance(given, str):
        token = "STRING_VALUE"
    else:
        return SerializationException("Unexpected token received from parser")
    return SerializationException(f"{token} cannot be converted to {_SCALAR_NAMES[type_name]}")


def _field_value(given: Any) -> dict[str, Any]:
    return _attribute_value(given, holder="structure")


def _attribute_value(given: Any, depth: int = 0, holder: str = "map") -> dict[str, Any]:
    """An attribute value; a null is one without a type, which its operation refuses."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise _not_a_structure(given, "AttributeValue", holder)
    if depth > MAXIMUM_DEPTH:
        # What is read of it is too deep still: the operation says so, when its turn comes.
        return {"NULL": True}
    found: dict[str, Any] = {}
    for descriptor, content in given.items():
        if type(content) is str and (descriptor == "S" or descriptor == "N"):
            found[descriptor] = content
            continue
        if content is None:
            continue
        if isinstance(content, (list, dict)) and len(content) > (
            _MOST_ATTRIBUTES if descriptor == "M" else _MOST_ELEMENTS
        ):
            raise ValidationException(ITEM_TOO_LARGE)
        if descriptor in _SCALARS:
            found[descriptor] = _SCALARS[descriptor](content)
        elif descriptor in _SETS:
            found[descriptor] = [_SETS[descriptor](member) for member in _members(descriptor, content)]
        elif descriptor == "L":
            found["L"] = [_attribute_value(element, depth + 1) for element in _elements(content)]
        elif descriptor == "M":
            found["M"] = {
                name if type(name) is str else _text(name): _attribute_value(value, depth + 1)
                for name, value in _entries(content, _PACKAGE + "AttributeValue").items()
            }
    return found


_SCALARS = {
    "S": _scalar_reader("string"),
    "N": _scalar_reader("string"),
    "B": _scalar_reader("blob"),
    "BOOL": _scalar_reader("boolean"),
    "NULL": _scalar_reader("boolean"),
}
_SETS = {"SS": _SCALARS["S"], "NS": _SCALARS["S"], "BS": _SCALARS["B"]}
_NULL_MEMBERS = {
    "SS": (
        "One or more parameter values were invalid: An string set may not have a null string as a member"
    ),
    "NS": "The parameter cannot be converted to a numeric value",
    "BS": "One or more parameter values were invalid: Binary sets may not contain null or empty values",
}


def _members(descriptor: str, content: Any) -> Any:
    members = _elements(content)
    if None in members:
        raise ValidationException(_NULL_MEMBERS[descriptor])
    return members
