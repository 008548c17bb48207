"""Instructions of the hot calls: `make instructions`.  They do not depend on what else the machine does.

Callgrind counts while a function runs that nothing else calls, and writes one profile for each time that
it did; so the calls of a case are made from within it.
"""

from __future__ import annotations

import ctypes
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from cases import ITEM, TABLE, Case, cases, load
from report import Report

#: Calls that one figure is the mean of, and calls before them.
COUNTED, BEFORE = 20, 5
#: Items of the big table.
MANY = 500

#: A function of the interpreter that runs a text as Python.
_WITHIN = "PyRun_SimpleStringFlags"


def main(names: list[str]) -> None:
    """Count instructions of the cases whose names begin with one of these, or of all."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise SystemExit("Instructions are counted by valgrind: install it, or use `make bench`.")
    chosen = _chosen(names)
    with tempfile.TemporaryDirectory() as directory:
        command = [valgrind, "--tool=callgrind", f"--toggle-collect={_WITHIN}", f"--dump-after={_WITHIN}"]
        command += [f"--callgrind-out-file={directory}/out", "-q"]
        command += [sys.executable, __file__, "--here", *names]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        subprocess.run(command, check=True, env=environment)
        found = sorted(Path(directory).glob("out.*"), key=lambda path: int(path.suffix[1:]))
        counts = [count for path in found if (count := _count(path))]
    report = Report()
    for case, count in zip(chosen, counts, strict=True):
        thousands = count / COUNTED / 1000
        print(f"{case.name:30} {thousands:10.1f} thousand")
        report.note(f"{case.name}, thousand instructions", thousands)
    report.compare()
    report.keep()


def _count(path: Path) -> int:
    totals = re.search(r"^(?:summary|totals): (\d+)", path.read_text(), re.MULTILINE)
    return int(totals[1]) if totals else 0


def _chosen(names: list[str]) -> list[Case]:
    return [case for case in cases() if not names or case.name.startswith(tuple(names))]


def _here(names: list[str]) -> None:
    """Make the calls, within the process that is watched."""
    import ddbha
    from ddbha.boto import internals

    client: Any = ddbha.World(clock=ddbha.ManualClock()).client("dynamodb", region_name="us-east-1")

    def write(table: str, items: list[dict[str, Any]]) -> None:
        for start in range(0, len(items), 25):
            puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
            client.batch_write_item(RequestItems={table: puts})

    load(client, MANY, write)
    call = internals.caller(client)
    gc.disable()
    for case in _chosen(names):
        client.put_item(TableName=TABLE, Item=ITEM)
        # A copy each time: botocore puts an idempotency token into what it is given.
        requests = [dict(case.params) for _ in range(BEFORE + COUNTED)]
        for request in requests[:BEFORE]:
            call(case.operation, request)

        counted = partial(_counted, call, case.operation, requests[BEFORE:])
        globals()["counted"] = counted
        # Through another function: what is called from outside the interpreter is not seen.
        ctypes.pythonapi.PyRun_SimpleString(b"counted()")


def _counted(call: Callable[..., Any], operation: str, requests: list[dict[str, Any]]) -> None:
    for request in requests:
        call(operation, request)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        _here(sys.argv[2:])
    else:
        main(sys.argv[1:])
