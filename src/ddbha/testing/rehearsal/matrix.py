"""What rehearsals found out: a cell for each option and disaster, each with its spread over seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, fields_dict, frozen

from ddbha.errors import UsageError

#: What a cell says in which all went well.
NOTHING = "nothing"
#: What one says in which chance spared all requests, and what to do about it.
SPARED = "spared by chance"
ADVICE = f"{SPARED}: for a disaster that strikes, ask more often, let it last longer or take more seeds"


@frozen
class Run:
    """One rehearsal with one seed; times are seconds.

    `recovery_time` is from the beginning of the disaster until the workload was served right again, and
    `recovery_point` how long before that the oldest write was that is lost.  None is never.
    """

    seed: int
    requests: int
    failures: int
    #: Per cent of the requests since the disaster began, and of the time, in which the service worked.
    availability: float
    time_available: float
    recovery_time: float | None
    recovery_point: float
    lost_writes: int
    stale_reads: int
    wrong_reads: int
    conflicts: int
    #: Capacity units of a call, in all regions together.
    read_units: float
    write_units: float
    #: Begin and end of each bucket of time, successes and failures in it; seconds from the disaster.
    course: tuple[tuple[float, float, int, int], ...]
    timeline: str
    #: What the workload raised, if it did.
    error: str | None = None
    #: What DynamoDB said if it did not let the disaster happen.
    refused: str | None = None
    #: Whether a fault of the disaster is one of chance, and chance spared all requests.
    spared: bool = False


@define(eq=False)
class Cell:
    """All runs of one option under one disaster; none where it cannot happen."""

    option: str
    disaster: str
    runs: list[Run]

    @property
    def worst(self) -> Run | None:
        """The run in which most went wrong."""
        return max(self.runs, key=_badness, default=None)

    def spread(self, value: Callable[[Run], float | None]) -> tuple[float | None, float | None]:
        """The least and the greatest value; None, which is never, is the greatest."""
        values = [value(run) for run in self.runs]
        known = [one for one in values if one is not None]
        greatest = None if len(known) < len(values) or not known else max(known)
        return (min(known) if known else None), greatest


def _badness(run: Run) -> tuple[float, ...]:
    never = float("inf") if run.recovery_time is None else run.recovery_time
    return (float(run.error is not None), run.lost_writes, never, -run.availability, run.wrong_reads)


@define(eq=False)
class Matrix:
    """The cells, by option and disaster, and what there is to say of all of them."""

    workload: str
    options: list[str]
    disasters: list[str]
    cells: dict[tuple[str, str], Cell]
    #: Capacity units, read and written, that a call costs while nothing happens: a plain table, and each
    #: option.
    plain_units: tuple[float, float]
    option_units: dict[str, tuple[float, float]]
    seeds: list[int]

    @classmethod
    def joined(cls, columns: Sequence[Matrix]) -> Matrix:
        """One matrix of several, of the same workload, disasters and seeds, and each of other options."""
        first = columns[0]
        return cls(
            first.workload,
            [option for column in columns for option in column.options],
            first.disasters,
            {place: cell for column in columns for place, cell in column.cells.items()},
            first.plain_units,
            {option: units for column in columns for option, units in column.option_units.items()},
            first.seeds,
        )

    def cell(self, option: str, disaster: str) -> Cell:
        """One cell; `UsageError` for what was not rehearsed."""
        if (option, disaster) not in self.cells:
            raise UsageError(
                f"There is no cell {option!r}, {disaster!r}. Options: {'; '.join(self.options)}. "
                f"Disasters: {'; '.join(self.disasters)}."
            )
        return self.cells[option, disaster]

    def to_dict(self) -> dict[str, Any]:
        """Everything but timelines and courses, as plain values."""
        shown = [name for name in fields_dict(Run) if name not in ("course", "timeline")]
        return {
            "workload": self.workload,
            "plain_units": list(self.plain_units),
            "option_units": {option: list(units) for option, units in self.option_units.items()},
            "cells": [
                {
                    "option": cell.option,
                    "disaster": cell.disaster,
                    "runs": [{name: getattr(run, name) for name in shown} for run in cell.runs],
                }
                for cell in self.cells.values()
            ],
        }

    def rows(self) -> list[list[str]]:
        """The cells as words: a row for each disaster, a column for each option."""
        return [
            [disaster, *(words(self.cells[option, disaster]) for option in self.options)]
            for disaster in self.disasters
        ]

    def costs(self) -> list[str]:
        """What each option costs in units while nothing happens, against the plain table."""
        plain = [units or 1.0 for units in self.plain_units]
        return [
            f"{read / plain[0]:.1f} x reads, {write / plain[1]:.1f} x writes"
            for read, write in (self.option_units[option] for option in self.options)
        ]

    def markdown(self) -> str:
        """A table for a page."""
        head = ["disaster", *self.options]
        rows = [*self.rows(), ["*cost in capacity units*", *self.costs()]]
        lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
        return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])

    def __str__(self) -> str:
        lines = [f"{self.workload}, seeds {', '.join(map(str, self.seeds))}"]
        for disaster in self.disasters:
            lines += ["", disaster]
            width = max(map(len, self.options))
            for option in self.options:
                cell = self.cells[option, disaster]
                told, worst = words(cell), cell.worst
                if told not in (NOTHING, SPARED) and worst is not None and len(cell.runs) > 1:
                    told += f" (worst: seed {worst.seed})"
                lines.append(f"  {option:{width}}  {told}")
        lines += ["", "cost in capacity units"]
        lines += [
            f"  {option:{width}}  {cost}" for option, cost in zip(self.options, self.costs(), strict=True)
        ]
        if self.spared:
            lines += ["", ADVICE]
        return "\n".join(lines)

    @property
    def spared(self) -> bool:
        """Whether there is a cell in which chance spared all requests."""
        return any(run.spared for cell in self.cells.values() for run in cell.runs)


def words(cell: Cell) -> str:
    """A cell in words: what did not work, for how long, and what is lost."""
    if not cell.runs:
        return "does not apply"
    told = []
    failed = [run for run in cell.runs if run.error is not None]
    if failed:
        told.append(f"the workload stops: {failed[0].error}")
    if lucky := [run for run in cell.runs if run.spared]:
        some = "" if len(lucky) == len(cell.runs) else f" {len(lucky)} times of {len(cell.runs)}"
        told.append(f"{SPARED}{some}")
    if cell.runs[0].refused is not None:
        told.append("DynamoDB refuses it")
    if any(run.failures for run in cell.runs):
        told.append(f"RTO {_range(cell.spread(lambda run: run.recovery_time), ' s')}")
        told.append(f"{_range(cell.spread(lambda run: run.availability), ' %')} of requests")
    elif any(run.recovery_time != 0 for run in cell.runs):
        told.append(f"RTO {_range(cell.spread(lambda run: run.recovery_time), ' s')}")
    if any(run.lost_writes for run in cell.runs):
        lost = _range(cell.spread(lambda run: run.lost_writes), " writes lost")
        told.append(f"{lost}, RPO {_range(cell.spread(lambda run: run.recovery_point), ' s')}")
    for name, word in (("wrong_reads", "wrong"), ("stale_reads", "stale"), ("conflicts", "conflicts")):
        counts = cell.spread(lambda run, name=name: getattr(run, name))  # type: ignore[misc]
        if counts[1]:
            told.append(f"{_range(counts, '')} {word}" + (" reads" if word != "conflicts" else ""))
    return ", ".join(told) or NOTHING


def _range(bounds: tuple[float | None, float | None], unit: str) -> str:
    low, high = bounds
    if low is None:
        return "never"
    if high is None:
        return f"{_number(low)}{unit} or never"
    return (
        f"{_number(low)}{unit}"
        if _number(low) == _number(high)
        else f"{_number(low)} to {_number(high)}{unit}"
    )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
