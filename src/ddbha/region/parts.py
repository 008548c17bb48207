"""What is kept with a region or a table by rooms that these need not know."""

from __future__ import annotations

from typing import Any, TypeVar

from attrs import Factory, define

Part = TypeVar("Part")


@define(eq=False)
class Parts:
    """Parts by their class: backups with a region, token buckets with a table.

    So whoever adds a kind of state keeps it where its owner lives and ends, and says what it is in a
    module of its own; no room has to know those above it.
    """

    _kept: dict[type, Any] = Factory(dict)

    def the(self, kind: type[Part]) -> Part:
        """The part of a kind, made when it is first asked for."""
        part: Part | None = self._kept.get(kind)
        if part is None:
            part = self._kept[kind] = kind()
        return part

    def find(self, kind: type[Part]) -> Part | None:
        """The part of a kind, None if there is none."""
        return self._kept.get(kind)

    def put(self, part: object) -> None:
        """Keep a part, in place of the one of its kind."""
        self._kept[type(part)] = part
