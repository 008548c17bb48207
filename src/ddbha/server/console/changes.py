"""What a page was told already, so that it is told changes only."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from attrs import Factory, define

#: What is gone is remembered for so many things; a page that was away for longer is told everything.
REMEMBERED = 10_000

Json = dict[str, Any]


@define(eq=False)
class Changes:
    """Values by group and key, and when each was last another one.

    A moment is a text that a page hands back as it got it.  Those of another world, or of before this
    process began, are not known, and the page is told everything.
    """

    _values: dict[str, dict[str, Any]] = Factory(dict)
    _changed: dict[tuple[str, str], int] = Factory(dict)
    _gone: dict[tuple[str, str], int] = Factory(dict)
    _version: int = 0
    #: Of what was gone before this version nothing is known.
    _forgotten: int = 0
    #: Which `Changes` a moment is of.  It is for the page alone, so the world's seed has no part in it.
    _origin: str = Factory(lambda: secrets.token_hex(4))

    def take(self, groups: Mapping[str, Mapping[str, Any]]) -> None:
        """Note what is there now: all groups, and in each of them all that there is."""
        version = self._version + 1
        changed = False
        for group, values in groups.items():
            known = self._values.setdefault(group, {})
            for key, value in values.items():
                if key not in known or known[key] != value:
                    known[key] = value
                    self._changed[group, key] = version
                    self._gone.pop((group, key), None)
                    changed = True
            if len(known) > len(values):
                for key in [key for key in known if key not in values]:
                    del known[key], self._changed[group, key]
                    self._gone[group, key] = version
                    changed = True
        if changed:
            self._version = version
        while len(self._gone) > REMEMBERED:
            oldest = next(iter(self._gone))
            self._forgotten = self._gone.pop(oldest)

    def since(self, moment: str | None) -> Json:
        """What is another one than at a moment, and what is gone; everything at an unknown moment."""
        version = self._version_of(moment)
        changed: dict[str, Json] = {}
        gone: dict[str, list[str]] = {}
        if version < self._version:
            for (group, key), at in self._changed.items():
                if at > version:
                    changed.setdefault(group, {})[key] = self._values[group][key]
            for (group, key), at in self._gone.items():
                if at > version >= 0:
                    gone.setdefault(group, []).append(key)
        return {
            "moment": f"{self._origin}-{self._version}",
            "everything": version < 0,
            "changed": changed,
            "gone": gone,
        }

    def _version_of(self, moment: str | None) -> int:
        origin, _, version = (moment or "").partition("-")
        if origin != self._origin or not (version.isascii() and version.isdigit() and len(version) < 16):
            return -1
        number = int(version)
        return number if self._forgotten <= number <= self._version else -1
