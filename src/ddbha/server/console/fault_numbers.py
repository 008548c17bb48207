"""Numbers by which the faults of a world are named: in a page, and in what it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from weakref import WeakKeyDictionary

from attrs import Factory, define, field

from ddbha.errors import UnknownPlaceError
from ddbha.faults.catalogue import Faults
from ddbha.faults.fault import Fault


@define(eq=False)
class FaultNumbers:
    """Gives each fault a number when it is first seen; none gets that of another."""

    _faults: Faults
    _known: WeakKeyDictionary[Fault, int] = Factory(WeakKeyDictionary)
    _last: int = field(default=0, init=False)

    def of(self, fault: Fault) -> int:
        """The number of a fault."""
        if fault not in self._known:
            self._last += 1
            self._known[fault] = self._last
        return self._known[fault]

    def of_all(self, causes: Iterable[object] | None) -> list[int]:
        """The numbers of the faults among some causes, sorted."""
        return sorted(self.of(cause) for cause in causes or () if isinstance(cause, Fault))

    def find(self, number: object) -> Fault:
        """The fault of a number; `UnknownPlaceError` if it has ended."""
        for fault in self:
            if self.of(fault) == number:
                return fault
        raise UnknownPlaceError("There is no fault of that number any more.")

    def __iter__(self) -> Iterator[Fault]:
        """All faults that go on, and those that are to begin."""
        yield from self._faults.active
        yield from self._faults.scheduled
