"""`ddbha options`: the options of high availability, compared for workloads that are shipped."""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from ddbha.testing import rehearsal
from ddbha.testing.rehearsal import Matrix, page, rehearse


def run(options: argparse.Namespace) -> None:
    """Rehearse, with a bar that says how far it is, and print what came of it."""
    for workload in options.workloads:
        matrix = _rehearsed(workload, options.seeds)
        print(matrix.markdown() if options.markdown else matrix)
        if options.html is not None:
            Path(options.html).write_text(page(matrix), encoding="utf-8")


def _rehearsed(workload: str, seeds: int) -> Matrix:
    """All options under all disasters; on a machine with several processors an option is a process."""
    count, processors = len(rehearsal.OPTIONS), os.cpu_count() or 1
    if count == 1 or processors == 1:
        return rehearse(workload, seeds=range(seeds), progress=_bar)
    with ProcessPoolExecutor(min(count, processors)) as pool:
        columns = [pool.submit(_column, workload, number, seeds) for number in range(count)]
        for done, column in enumerate(as_completed(columns), 1):
            column.result()
            _bar(done, count)
    return Matrix.joined([column.result() for column in columns])


def _column(workload: str, number: int, seeds: int) -> Matrix:
    return rehearse(workload, options=[rehearsal.OPTIONS[number]], seeds=range(seeds))


def _bar(done: int, total: int) -> None:
    if sys.stderr.isatty():
        width = 40 * done // total
        end = "\n" if done == total else ""
        print(f"\r[{'#' * width}{' ' * (40 - width)}] {done} of {total}", end=end, file=sys.stderr)
