"""A call's parameters: botocore's validation made cheap, and what its serializer converts.

For each operation a *check* is built from the service model, once.  It answers "certainly valid, and
nothing to convert" or "don't know"; only then botocore's own validator runs, which words the error.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from itertools import repeat
from typing import Any

from botocore.exceptions import ParamValidationError
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.utils import parse_to_aware_datetime
from botocore.validate import ParamValidator

from ddbha.api.wire.reading import INTEGERS, MAXIMUM_DEPTH

#: Whether a value is certainly valid and needs no conversion.
Check = Callable[[Any], bool]

_PLAIN_TYPES: dict[str, type] = {
    "string": str,
    "blob": bytes,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
}


class Parameters:
    """What an operation takes."""

    def __init__(self, model: OperationModel) -> None:
        self._shape: Shape | None = model.input_shape
        self._is_plain = _never if self._shape is None else _check(self._shape, {})

    def wire(self, params: dict[str, Any], *, validate: bool) -> dict[str, Any]:
        """`params` as a server would read them: blobs as bytes, timestamps as aware datetimes.

        `params` is not changed; it is returned itself, not a copy, exactly if it has the members and
        types of the model.  With `validate`, raises botocore's `ParamValidationError`; without, what
        cannot be understood is passed on.
        """
        if self._shape is None:
            return dict(params)
        if self._is_plain(params):
            return params
        if _is_too_deep(params):
            # Neither botocore's validator nor `_convert` could follow; the engine refuses it.
            return dict(params)
        if validate:
            report = ParamValidator().validate(params, self._shape)
            if report.has_errors():
                raise ParamValidationError(report=report.generate_report())
        converted: dict[str, Any] = _convert(params, self._shape)
        return converted


def _never(value: Any) -> bool:
    return False


def _check(shape: Shape, known: dict[str, Check]) -> Check:
    """The check of a shape; `known` holds those built before."""
    if shape.name in known:
        return known[shape.name]
    if isinstance(shape, StructureShape):
        if shape.name == "AttributeValue":
            return _is_attribute_value
        # Of a structure inside itself nothing is certain: botocore's validator decides.
        known[shape.name] = _never
        check = _structure_check(shape, known)
    elif isinstance(shape, ListShape):
        check = _list_check(shape, known)
    elif isinstance(shape, MapShape):
        check = _map_check(shape, known)
    else:
        check = _scalar_check(shape)
    known[shape.name] = check
    return check


def _structure_check(shape: StructureShape, known: dict[str, Check]) -> Check:
    if getattr(shape, "is_tagged_union", False) or getattr(shape, "is_document_type", False):
        return _never
    members = {name: _check(member, known) for name, member in shape.members.items()}
    required = frozenset(shape.metadata.get("required", ()))

    def is_plain(value: Any) -> bool:
        if type(value) is not dict or not value.keys() >= required:
            return False
        for name, content in value.items():
            member = members.get(name)
            if member is None or not member(content):
                return False
        return True

    return is_plain


def _list_check(shape: ListShape, known: dict[str, Check]) -> Check:
    member = _check(shape.member, known)
    least = shape.metadata.get("min", 0)

    def is_plain(value: Any) -> bool:
        return type(value) is list and len(value) >= least and all(map(member, value))

    return is_plain


def _map_check(shape: MapShape, known: dict[str, Check]) -> Check:
    key, content = _check(shape.key, known), _check(shape.value, known)
    if content is _is_attribute_value and not shape.key.metadata.get("min"):
        return _is_item

    def is_plain(value: Any) -> bool:
        return type(value) is dict and all(map(key, value)) and all(map(content, value.values()))

    return is_plain


def _scalar_check(shape: Shape) -> Check:
    plain = _PLAIN_TYPES.get(shape.type_name)
    if plain is None:
        return _never
    least = shape.metadata.get("min")
    if shape.type_name in INTEGERS:
        # What no such number can be is for the engine to refuse.
        beyond = INTEGERS[shape.type_name]
        first = -beyond if least is None else least
        return lambda value: type(value) is int and first <= value < beyond
    if least is None or plain in (bytes, bool):
        return lambda value: type(value) is plain
    if plain is str:
        return lambda value: type(value) is str and len(value) >= least
    return lambda value: type(value) is plain and value >= least


_ATTRIBUTE_SCALARS: dict[str, type] = {"S": str, "N": str, "B": bytes, "BOOL": bool, "NULL": bool}
_ATTRIBUTE_SETS: dict[str, type] = {"SS": str, "NS": str, "BS": bytes}


def _is_item(value: Any, depth: int = 0) -> bool:
    """Attribute names with values: written out, because items are nearly all that is ever sent."""
    if type(value) is not dict:
        return False
    for name, attribute in value.items():
        if type(name) is not str or type(attribute) is not dict:
            return False
        for descriptor, content in attribute.items():
            if _ATTRIBUTE_SCALARS.get(descriptor) is not type(content) and not _is_container(
                descriptor, content, depth
            ):
                return False
    return True


def _is_attribute_value(value: Any, depth: int = 0) -> bool:
    if type(value) is not dict:
        return False
    for descriptor, content in value.items():
        if _ATTRIBUTE_SCALARS.get(descriptor) is not type(content) and not _is_container(
            descriptor, content, depth
        ):
            return False
    return True


def _is_container(descriptor: str, content: Any, depth: int) -> bool:
    if depth > MAXIMUM_DEPTH:
        return False
    if descriptor == "M":
        return _is_item(content, depth + 1)
    if type(content) is not list:
        return False
    if descriptor == "L":
        return all(map(_is_attribute_value, content, repeat(depth + 1)))
    member = _ATTRIBUTE_SETS.get(descriptor)
    return member is not None and all(type(element) is member for element in content)


def _is_too_deep(value: Any) -> bool:
    """Whether some attribute value has more containers around it than any operation reads."""
    level = [value]
    # Two containers for each level of a document, and a few around the documents of a transaction.
    for _ in range(2 * MAXIMUM_DEPTH + 20):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list, tuple))
        ]
        if not level:
            return False
    return True


def _convert(value: Any, shape: Shape) -> Any:
    """A copy of `value` as it would arrive; what does not fit the shape is left as it is."""
    if isinstance(shape, StructureShape):
        if not isinstance(value, dict):
            return value
        members = shape.members
        return {
            name: _convert(content, members[name]) if name in members else content
            for name, content in value.items()
        }
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            return value
        return {_plain(key): _convert(content, shape.value) for key, content in value.items()}
    if isinstance(shape, ListShape):
        if not isinstance(value, (list, tuple)):
            return value
        return [_convert(content, shape.member) for content in value]
    if shape.type_name == "blob":
        return _bytes(value)
    if shape.type_name == "timestamp":
        return _timestamp(value)
    if shape.type_name in ("float", "double") and isinstance(value, Decimal):
        return float(value)
    return _plain(value)


def _bytes(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode()
    if hasattr(value, "read"):
        value = value.read()
        return value.encode() if isinstance(value, str) else bytes(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    return value


def _timestamp(value: Any) -> Any:
    """The protocol carries whole seconds, so that is what arrives."""
    try:
        moment: datetime = parse_to_aware_datetime(value)
    except (TypeError, ValueError, AttributeError):
        # The same three that botocore's validator takes for "not a timestamp".
        return value
    return moment.astimezone(timezone.utc).replace(microsecond=0)


def _plain(value: Any) -> Any:
    """Enum members and other subclasses of str and int arrive as what JSON makes of them."""
    if type(value) in (str, bool, int, float):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    return value
