"""Amazon Ion text: one struct after another; sets are lists with an annotation.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
https://amazon-ion.github.io/ion-docs/docs/spec.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Context, Decimal
from io import BytesIO
from typing import Any

from ddbha.errors import UsageError
from ddbha.recovery.formats import MalformedFile, MalformedItem
from ddbha.values.attribute import MAXIMUM_LEVELS, AttributeValue, Item
from ddbha.values.number import MAXIMUM_DIGITS

EXTENSION = "ion"
_PLACEHOLDERS = ("ExpressionAttributeNames", "ExpressionAttributeValues")
_SETS = {"$dynamodb_SS": "SS", "$dynamodb_NS": "NS", "$dynamodb_BS": "BS"}
#: Texts and quoted names, and what is looked for beside them: numbered symbols and tables of those.
_SYMBOLS = re.compile(
    rb""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(\$(?:[0-9]|ion_symbol_table|ion_shared))""", re.DOTALL
)
_NUMBERS = Context(prec=2 * MAXIMUM_DIGITS, Emax=999_999, Emin=-999_999)


def require() -> None:
    """Raise `UsageError` if Ion cannot be read and written here."""
    try:
        import amazon.ion  # noqa: F401
    except ImportError as error:
        raise UsageError("ION needs a package: pip install 'ddbha[ion]'") from error


def export_lines(entries: Iterator[dict[str, Any]]) -> bytes:
    """The content of a file of an export; entries are those of `ddbha.recovery.export`."""
    from amazon.ion import simpleion

    lines = []
    for entry in entries:
        if "Item" in entry:
            struct: dict[str, Any] = {"Item": _ion_item(entry["Item"])}
        else:
            images = {name: _ion_item(entry[name]) for name in entry if name != "Metadata"}
            micros = Decimal(entry["Metadata"]["WriteTimestampMicros"])
            struct = {"Record": {"Metadata": {"WriteTimestampMicros": micros}, **images}}
        lines.append(simpleion.dumps(struct, binary=False, omit_version_marker=False))
    return "".join(line + "\n" for line in lines).encode()


def read_records(data: bytes) -> Iterator[dict[str, Any] | MalformedItem]:
    """Each struct, which has an `Item`, or a `MalformedItem` for what is none.

    What stands beside the item has the form that it has in a request: a condition with its names and
    values.  Raises `MalformedFile` where the text is no Ion.
    """
    from amazon.ion import simpleion

    if not data.strip():
        return
    _refuse_what_the_package_trusts(data)
    values = simpleion.load(BytesIO(data), single_value=False, parse_eagerly=False)
    while True:
        try:
            value = next(values)
        except StopIteration:
            return
        except Exception as error:
            # The package raises whatever it stumbles over, IonException among it.
            raise MalformedFile(f"no Ion: {error}") from error
        yield _record(value)


def _refuse_what_the_package_trusts(data: bytes) -> None:
    """Raise `MalformedFile` for bytes that would end the process, or keep it for ever."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise MalformedFile("no Ion text in UTF-8") from error
    if any(match[1] for match in _SYMBOLS.finditer(data)):
        raise MalformedFile("symbols that go by a number, which no item has")


def _record(value: Any) -> dict[str, Any] | MalformedItem:
    item = value.get("Item") if hasattr(value, "get") else None
    if item is None or not hasattr(item, "items"):
        return MalformedItem("a value has no Item")
    try:
        return {str(name): _part(str(name), member) for name, member in value.items()}
    except MalformedItem as error:
        return error


def _part(name: str, value: Any) -> Any:
    """A member of a record as a request has it; None for one that no record has."""
    if name == "ConditionExpression":
        return _text(value)
    if name not in _PLACEHOLDERS and name != "Item":
        return None
    if not hasattr(value, "items"):
        raise MalformedItem(f"{name} is no struct")
    read = _text if name == "ExpressionAttributeNames" else _attribute
    return {str(key): read(member) for key, member in value.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise MalformedItem("a value that should be a string is none")
    return str(value)


def _attribute(value: Any, level: int = 1) -> AttributeValue:
    """The attribute value of an Ion value; `MalformedItem` for what DynamoDB does not have."""
    from amazon.ion.core import IonType
    from amazon.ion.simple_types import IonPyNull

    if level > MAXIMUM_LEVELS:
        raise MalformedItem("a document has too many levels")
    if isinstance(value, IonPyNull) and value.ion_type is not IonType.NULL:
        raise MalformedItem(f"a null of type {value.ion_type} is no attribute value")
    kind = value.ion_type
    if kind is IonType.NULL:
        return {"NULL": True}
    if kind is IonType.BOOL:
        return {"BOOL": bool(value)}
    if kind is IonType.INT:
        return {"N": str(int(value))}
    if kind is IonType.DECIMAL:
        return {"N": str(value)}
    if kind is IonType.FLOAT:
        return {"N": repr(float(value))}
    if kind is IonType.STRING:
        return {"S": str(value)}
    if kind is IonType.BLOB:
        return {"B": bytes(value)}
    if kind is IonType.STRUCT:
        return {"M": {str(name): _attribute(member, level + 1) for name, member in value.items()}}
    if kind is IonType.LIST:
        members = [_attribute(member, level + 1) for member in value]
        for annotation in value.ion_annotations:
            descriptor = _SETS.get(annotation.text)
            if descriptor is not None:
                return {descriptor: [_member(member, descriptor[0]) for member in members]}
        return {"L": members}
    raise MalformedItem(f"an Ion value of type {kind} is no attribute value")


def _member(value: AttributeValue, descriptor: str) -> Any:
    if descriptor not in value:
        raise MalformedItem("a set has a member of another type")
    return value[descriptor]


def _ion_item(item: Item) -> dict[str, Any]:
    return {name: _ion(value) for name, value in item.items()}


def _ion(value: AttributeValue) -> Any:
    from amazon.ion.core import IonType
    from amazon.ion.simple_types import IonPyList

    for descriptor, content in value.items():
        if descriptor == "N":
            return _decimal(content)
        if descriptor == "NULL":
            return None
        if descriptor == "L":
            return [_ion(element) for element in content]
        if descriptor == "M":
            return _ion_item(content)
        if descriptor in ("SS", "NS", "BS"):
            members = [_decimal(m) if descriptor == "NS" else m for m in content]
            return IonPyList.from_value(IonType.LIST, members, (f"$dynamodb_{descriptor}",))
        return content
    raise AssertionError("an attribute value has a type")


def _decimal(text: str) -> Decimal:
    # A long run of zeros would be digits of the coefficient, of which readers take only so many.
    return Decimal(text).normalize(_NUMBERS)
