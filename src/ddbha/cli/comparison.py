"""`ddbha options`: the options of high availability, compared for workloads that are shipped."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ddbha.testing.rehearsal import page, rehearse


def run(options: argparse.Namespace) -> None:
    """Rehearse, with a bar that says how far it is, and print what came of it."""
    for workload in options.workloads:
        matrix = rehearse(workload, seeds=range(options.seeds), progress=_bar)
        print(matrix.markdown() if options.markdown else matrix)
        if options.html is not None:
            Path(options.html).write_text(page(matrix), encoding="utf-8")


def _bar(done: int, total: int) -> None:
    if sys.stderr.isatty():
        width = 40 * done // total
        end = "\n" if done == total else ""
        print(f"\r[{'#' * width}{' ' * (40 - width)}] {done} of {total}", end=end, file=sys.stderr)
