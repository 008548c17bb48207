"""Requests that note which of their members are read."""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from ddbha.api import registry
from ddbha.api.idempotency import Requested
from ddbha.api.wire.model import input_shape

#: What is read as a whole: its members are the types of a value.
WHOLE = "AttributeValue"


class Watched(dict[str, Any]):
    """A structure of a request; whoever asks for a member, or goes through them, has read it."""

    def __init__(self, members: dict[str, Any], shape: Shape, path: str, read: set[str]) -> None:
        super().__init__(members)
        self._shape = shape
        self._path = path
        self._read = read

    def _note(self, name: object) -> None:
        self._read.add(f"{self._path}.{name}")

    def __getitem__(self, name: str) -> Any:
        self._note(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._note(name)
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._note(name)
        return super().get(name, default)

    def pop(self, name: str, *default: Any) -> Any:
        self._note(name)
        return super().pop(name, *default)

    def __iter__(self) -> Iterator[str]:
        # `dict(one)` and `**one` come through here as well.
        for name in super().__iter__():
            self._note(name)
            yield name

    def items(self) -> Any:
        return [(name, self[name]) for name in self]

    def values(self) -> Any:
        return [self[name] for name in self]

    def __eq__(self, other: object) -> bool:
        # Who compares looks at everything, also at what is absent.
        self._read.update(paths(self._shape, self._path))
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __deepcopy__(self, memo: dict[int, Any]) -> Watched:
        copied = {name: deepcopy(value, memo) for name, value in super().items()}
        return Watched(copied, self._shape, self._path, self._read)


def watch(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The paths that operations read from now on, such as `CreateTable.KeySchema.KeyType`."""
    read: set[str] = set()

    def watching(service: str, name: str, operation: registry.Operation) -> registry.Operation:
        shape = input_shape(service, name)
        return lambda region, request: operation(region, _watched(shape, request, name, read))

    for (service, name), operation in list(registry._OPERATIONS.items()):
        monkeypatch.setitem(registry._OPERATIONS, (service, name), watching(service, name, operation))
    monkeypatch.setattr(Requested, "of", lambda requested: Requested(marshal.dumps(_plain(requested))))
    return read


def _watched(shape: Shape | None, value: Any, path: str, read: set[str]) -> Any:
    if isinstance(shape, ListShape):
        return [_watched(shape.member, member, path, read) for member in value]
    if isinstance(shape, MapShape):
        return {key: _watched(shape.value, member, path, read) for key, member in value.items()}
    if isinstance(shape, StructureShape) and shape.name != WHOLE:
        members = {
            name: _watched(shape.members[name], member, f"{path}.{name}", read)
            for name, member in value.items()
        }
        return Watched(members, shape, path, read)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value


def paths(shape: Shape | None, path: str, within: frozenset[str] = frozenset()) -> Iterator[str]:
    """The paths of all members of a shape, nested ones too."""
    if isinstance(shape, ListShape):
        yield from paths(shape.member, path, within)
    elif isinstance(shape, MapShape):
        yield from paths(shape.value, path, within)
    elif isinstance(shape, StructureShape) and shape.name != WHOLE and shape.name not in within:
        for name, member in shape.members.items():
            yield f"{path}.{name}"
            yield from paths(member, f"{path}.{name}", within | {shape.name})
