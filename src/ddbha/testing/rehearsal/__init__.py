"""Rehearsing disasters: what each option of high availability costs one's own workload.

AWS states 99.99 % for tables of one region and 99.999 % for global tables, of a month of production; a
rehearsal measures what one disaster does to one workload, which is something else.
https://aws.amazon.com/dynamodb/sla/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ddbha.errors import UsageError
from ddbha.testing.rehearsal import disasters as _disasters
from ddbha.testing.rehearsal import options as _options
from ddbha.testing.rehearsal.clients import Policy
from ddbha.testing.rehearsal.disasters import Disaster, read_disaster
from ddbha.testing.rehearsal.matrix import Cell, Matrix, Run
from ddbha.testing.rehearsal.options import (
    Option,
    backups,
    global_table,
    read_option,
    recovery,
    single_region,
    strong_global_table,
)
from ddbha.testing.rehearsal.page import page
from ddbha.testing.rehearsal.run import rehearse_once
from ddbha.testing.rehearsal.stage import RehearsalClock, Workload
from ddbha.testing.rehearsal.workloads import SHIPPED

__all__ = [
    "Cell",
    "Disaster",
    "Matrix",
    "Option",
    "Policy",
    "RehearsalClock",
    "Run",
    "backups",
    "global_table",
    "page",
    "recovery",
    "rehearse",
    "single_region",
    "strong_global_table",
]

DISASTERS = _disasters.shipped()
OPTIONS = _options.shipped()


def rehearse(
    workload: str | Workload,
    *,
    tables: Sequence[dict[str, Any]] | None = None,
    options: Iterable[Any] | None = None,
    disasters: Iterable[Any] | None = None,
    seeds: Iterable[int] = range(2),
    progress: Callable[[int, int], object] | None = None,
) -> Matrix:
    """Run a workload under each option and each disaster, once for each seed, and tell what happened.

    `workload` is a function of what makes clients and of a clock, or the name of a shipped one: orders,
    counter, session store, event log.  A function says with `tables`, requests of CreateTable, which
    tables it needs.  `options` are values like `global_table()`, sums of them, or functions of a world
    and its tables' names; `disasters` are names or values of `DISASTERS`, or functions of
    `world.faults`.  `progress` is called with how many rehearsals are done, and of how many.

    Raises `UsageError` for a workload that never calls DynamoDB or that does not do the same again with
    the same seed, for options without tables, for what is no option or disaster, and for disasters that
    none of the options can have or that meet nothing, as in a region without a table.
    """
    name, run, needed = _workload(workload, tables)
    chosen_options = [read_option(one) for one in (OPTIONS if options is None else options)]
    chosen_disasters = [_disaster(one) for one in (DISASTERS if disasters is None else disasters)]
    chosen_seeds = list(seeds)
    if not (chosen_options and chosen_disasters and chosen_seeds):
        raise UsageError(
            "There is nothing to rehearse: options=, disasters= and seeds= want one at least."
        )
    for disaster in [] if disasters is None else chosen_disasters:
        if not any(disaster.applies(option) for option in chosen_options):
            raise UsageError(
                f"The disaster {disaster.name!r} can happen to none of the options: it wants "
                f"{disaster.wants}."
            )
    table = single_region()
    plain = rehearse_once(run, needed, table, None, chosen_seeds[0])
    again = rehearse_once(run, needed, table, None, chosen_seeds[0])
    if plain != again:
        raise UsageError(
            "The workload did something else when it ran again with the same seed: it depends on the "
            "machine's time, on unordered sets or on randomness of its own."
        )
    cells: dict[tuple[str, str], Cell] = {}
    units: dict[str, tuple[float, float]] = {}
    total, done = len(chosen_options) * len(chosen_disasters), 0
    for option in chosen_options:
        calm = plain if option == table else rehearse_once(run, needed, option, None, chosen_seeds[0])
        units[option.name] = calm.read_units, calm.write_units
        for disaster in chosen_disasters:
            able = chosen_seeds if disaster.applies(option) else []
            runs = [rehearse_once(run, needed, option, disaster, seed) for seed in able]
            cells[option.name, disaster.name] = Cell(option.name, disaster.name, runs)
            done += 1
            if progress is not None:
                progress(done, total)
    return Matrix(
        name,
        [option.name for option in chosen_options],
        [disaster.name for disaster in chosen_disasters],
        cells,
        (plain.read_units, plain.write_units),
        units,
        chosen_seeds,
    )


def _workload(
    given: str | Workload, tables: Sequence[dict[str, Any]] | None
) -> tuple[str, Workload, list[dict[str, Any]]]:
    if isinstance(given, str):
        if given not in SHIPPED:
            raise UsageError(f"There is no workload {given!r}; there are {', '.join(SHIPPED)}.")
        shipped = SHIPPED[given]
        return shipped.name, shipped.run, list(shipped.tables)
    if not callable(given):
        raise UsageError(f"{given!r} is no workload: a function of what makes clients and of a clock.")
    if not tables:
        raise UsageError(
            "An option needs a table: name the tables of the workload, tables=[...], as requests of "
            "CreateTable."
        )
    return getattr(given, "__name__", "workload"), given, list(tables)


def _disaster(given: Any) -> Disaster:
    if isinstance(given, str):
        known = {disaster.name: disaster for disaster in DISASTERS}
        if given not in known:
            raise UsageError(f"There is no disaster {given!r}; there are {'; '.join(known)}.")
        return known[given]
    return read_disaster(given)
