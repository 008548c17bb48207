"""Attribute values in wire form (`{"S": "x"}`): validation, canonical form, size, equality, order.

Types and sizes:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Any

from ddbha.errors import InvalidValue, ValidationException
from ddbha.values import number
from ddbha.values.number import Comparable

AttributeValue = dict[str, Any]
Item = dict[str, AttributeValue]

#: Levels of a document: an attribute is the first, what a list or a map holds is one further down.
MAXIMUM_LEVELS = 32
#: What a list or a map takes besides its contents, and what each of its elements takes.
CONTAINER_OVERHEAD = 3
ELEMENT_OVERHEAD = 1

_Canonical = Callable[[Any, int], tuple[AttributeValue, int]]


def type_of(value: AttributeValue) -> str:
    """The data type descriptor of a value: S, N, B, BOOL, NULL, L, M, SS, NS or BS."""
    for descriptor in value:
        return descriptor
    raise ValidationException(_EMPTY_VALUE)


def kind_of(descriptor: str) -> str:
    """What AWS calls the content of a key attribute that may not be empty."""
    return "binary" if descriptor == "B" else "string"


#: Bytes of the name of an attribute.
MAXIMUM_NAME_SIZE = 65535
EMPTY_NAME = "Empty attribute name"
NAME_TOO_LARGE = f"Attribute name is too large, must be less than {MAXIMUM_NAME_SIZE + 1} bytes"
_EMPTY_VALUE = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
ITEM_TOO_LARGE = "Item size has exceeded the maximum allowed size"
NESTED_TOO_DEEPLY = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
    "supported limit"
)
SEVERAL_TYPES = (
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
    "supported datatypes"
)


def text_size(text: str) -> int:
    """Bytes of a string in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def canonical_item(item: Item) -> tuple[Item, int]:
    """A copy of `item` with canonical numbers, and its size in bytes.

    Raises `ValidationException` for what no item may hold.
    """
    return _canonical_members(item, 0, 0)


def _canonical_members(members: Item, depth: int, overhead: int) -> tuple[Item, int]:
    """As `canonical_item`; each member takes `overhead` bytes besides its name and its value."""
    if "" in members:
        raise ValidationException(EMPTY_NAME)
    size = overhead * len(members)
    result: Item = {}
    for name, value in members.items():
        if len(value) != 1:
            raise _wrong_number_of_types(value, depth)
        for descriptor, content in value.items():
            # Most values are strings: they need no call.
            if descriptor == "S":
                result[name] = {"S": content}
                size += len(content) if content.isascii() else text_size(content)
            else:
                result[name], content_size = _CANONICAL.get(descriptor, _unknown)(content, depth)
                size += content_size
            size += len(name) if name.isascii() else text_size(name)
    if size > MAXIMUM_NAME_SIZE:
        _refuse_large_names(members)
    return result, size


def _refuse_large_names(names: Iterable[str]) -> None:
    if any(text_size(name) > MAXIMUM_NAME_SIZE for name in names):
        raise ValidationException(NAME_TOO_LARGE)


def check_names(names: Iterable[str]) -> None:
    """Raise `ValidationException` if one of these cannot be the name of an attribute."""
    if "" in names:
        raise ValidationException(EMPTY_NAME)
    _refuse_large_names(names)


def canonical_value(value: AttributeValue, depth: int = 0) -> tuple[AttributeValue, int]:
    """A copy of `value` with canonical numbers, and its size in bytes.

    `depth` counts the lists and maps around it.  Raises `ValidationException`.
    """
    if len(value) != 1:
        raise _wrong_number_of_types(value, depth)
    ((descriptor, content),) = value.items()
    return _CANONICAL.get(descriptor, _unknown)(content, depth)


def _wrong_number_of_types(value: AttributeValue, depth: int = 0) -> ValidationException:
    # AWS looks at each content before it counts them.
    for descriptor, content in value.items():
        _CANONICAL.get(descriptor, _unknown)(content, depth)
    return ValidationException(SEVERAL_TYPES if value else _EMPTY_VALUE)


def _unknown(content: Any, depth: int) -> tuple[AttributeValue, int]:
    # A descriptor that the model does not have is ignored by AWS, so nothing is set.
    raise ValidationException(_EMPTY_VALUE)


def _string(content: str, depth: int) -> tuple[AttributeValue, int]:
    return {"S": content}, len(content) if content.isascii() else text_size(content)


def _number(content: str, depth: int) -> tuple[AttributeValue, int]:
    text = number.canonical(content)
    return {"N": text}, number.size(text)


def _binary(content: bytes, depth: int) -> tuple[AttributeValue, int]:
    data = bytes(content)
    return {"B": data}, len(data)


def _boolean(content: bool, depth: int) -> tuple[AttributeValue, int]:
    return {"BOOL": bool(content)}, 1


def _null(content: bool, depth: int) -> tuple[AttributeValue, int]:
    if not content:
        raise ValidationException(
            "One or more parameter values were invalid: Null attribute value types must have the "
            "value of true"
        )
    return {"NULL": True}, 1


def _nested(content: list[AttributeValue] | dict[str, AttributeValue], depth: int) -> int:
    if depth + 1 >= MAXIMUM_LEVELS and content:
        raise ValidationException(NESTED_TOO_DEEPLY)
    return depth + 1


def _list(content: list[AttributeValue], depth: int) -> tuple[AttributeValue, int]:
    inner = _nested(content, depth)
    size = CONTAINER_OVERHEAD
    elements = []
    for element in content:
        value, value_bytes = canonical_value(element, inner)
        elements.append(value)
        size += value_bytes + ELEMENT_OVERHEAD
    return {"L": elements}, size


def _map(content: dict[str, AttributeValue], depth: int) -> tuple[AttributeValue, int]:
    inner = _nested(content, depth)
    members, size = _canonical_members(content, inner, ELEMENT_OVERHEAD)
    return {"M": members}, CONTAINER_OVERHEAD + size


def _set_of(
    descriptor: str,
    canonical_member: Callable[[Any], Any],
    member_size: Callable[[Any], int],
    empty: str,
    duplicates: Callable[[list[Any]], InvalidValue],
) -> _Canonical:
    def check(content: Iterable[Any], depth: int) -> tuple[AttributeValue, int]:
        members = [canonical_member(member) for member in content]
        if not members:
            raise ValidationException(f"One or more parameter values were invalid: {empty}")
        if len(set(members)) != len(members):
            raise duplicates(members)
        return {descriptor: members}, sum(map(member_size, members))

    return check


_INVALID = "One or more parameter values were invalid: "


def _duplicate_strings(members: list[str]) -> InvalidValue:
    listed = ", ".join(members)
    newer = ", ".join(f'"{member}"' for member in _up_to_the_repeat(members))
    return InvalidValue(
        f"{_INVALID}Input collection [{listed}] contains duplicates.",
        f"{_INVALID}Input collection [{newer}] contains duplicates.",
    )


def _duplicate_numbers(members: list[str]) -> InvalidValue:
    fault = "Input collection contains duplicates"
    return InvalidValue(fault, f"{_INVALID}{fault}.")


def _duplicate_binaries(members: list[bytes]) -> InvalidValue:
    listed = ", ".join(b64encode(member).decode() for member in members)
    newer = ",".join(f'"{b64encode(member).decode()}"' for member in _up_to_the_repeat(members))
    # The missing spaces are AWS's.
    return InvalidValue(
        f"{_INVALID}Input collection [{listed}]of type BS contains duplicates.",
        f"{_INVALID}Input collection [{newer}]of type BS contains duplicates.",
    )


def _up_to_the_repeat(members: list[Any]) -> list[Any]:
    """The members as the newer message lists them: in order up to the first repeat, then as sent."""
    seen: set[Any] = set()
    for place, member in enumerate(members):
        if member in seen:
            return [*sorted(seen, key=_in_bytes), *members[place:]]
        seen.add(member)
    return members


def _in_bytes(member: str | bytes) -> bytes:
    return member.encode() if isinstance(member, str) else member


_CANONICAL: dict[str, _Canonical] = {
    "S": _string,
    "N": _number,
    "B": _binary,
    "BOOL": _boolean,
    "NULL": _null,
    "L": _list,
    "M": _map,
    "SS": _set_of("SS", str, text_size, "An string set  may not be empty", _duplicate_strings),
    "NS": _set_of(
        "NS", number.canonical, number.size, "An number set  may not be empty", _duplicate_numbers
    ),
    "BS": _set_of("BS", bytes, len, "Binary sets should not be empty", _duplicate_binaries),
}

DESCRIPTORS = frozenset(_CANONICAL)


def value_size(value: AttributeValue) -> int:
    """Bytes of a canonical value."""
    for descriptor, content in value.items():
        if descriptor == "S":
            return len(content) if content.isascii() else text_size(content)
        if descriptor == "N":
            return number.size(content)
        if descriptor == "B":
            return len(content)
        if descriptor == "L":
            return CONTAINER_OVERHEAD + sum(value_size(v) + ELEMENT_OVERHEAD for v in content)
        if descriptor == "M":
            return CONTAINER_OVERHEAD + item_size(content) + ELEMENT_OVERHEAD * len(content)
        if descriptor == "SS":
            return sum(map(text_size, content))
        if descriptor == "NS":
            return sum(map(number.size, content))
        if descriptor == "BS":
            return sum(map(len, content))
    return 1


def item_size(item: Item) -> int:
    """Bytes of a canonical item: names and values."""
    size = 0
    for name, value in item.items():
        size += (len(name) if name.isascii() else text_size(name)) + value_size(value)
    return size


def equal(left: AttributeValue, right: AttributeValue) -> bool:
    """Deep equality of canonical values: sets have no order, everything else must be the same."""
    if left == right:
        return True
    descriptor = type_of(left)
    if descriptor != type_of(right):
        return False
    a, b = left[descriptor], right[descriptor]
    if descriptor in ("SS", "NS", "BS"):
        return len(a) == len(b) and set(a) == set(b)
    if descriptor == "L":
        return len(a) == len(b) and all(map(equal, a, b))
    return descriptor == "M" and _same_members(a, b)


def _same_members(left: Item, right: Item) -> bool:
    if left.keys() != right.keys():
        return False
    for name, value in left.items():
        other = right[name]
        if value != other and not equal(value, other):
            return False
    return True


def same_item(left: Item | None, right: Item | None) -> bool:
    """Whether two canonical items hold the same attributes; an absent item equals only an absent one."""
    if left is None or right is None:
        return left is right
    return left == right or _same_members(left, right)


def order(value: AttributeValue) -> str | Comparable | bytes:
    """What a value of type S, N or B is compared by, in DynamoDB's order.

    Code points order as UTF-8 bytes do, so a string stands for itself.
    """
    for descriptor, content in value.items():
        if descriptor == "N":
            return number.parse(content)
        if descriptor in ("S", "B"):
            return content  # type: ignore[no-any-return]
    raise AssertionError(f"{value} has no order")
