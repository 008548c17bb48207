"""What a run measured: printed line by line, and kept, so that a later run is compared with it."""

from __future__ import annotations

import json
import platform
import subprocess
from datetime import datetime, timezone
from os import cpu_count
from pathlib import Path

from attrs import Factory, define

#: One JSON object for each run of `make bench` or `make instructions`, the newest last.
HISTORY = Path(__file__).with_name("history.jsonl")


@define
class Report:
    """The figures of one run by name; what says no unit is in microseconds of a call."""

    figures: dict[str, float] = Factory(dict)

    def tell(self, told: str, **figures: float) -> None:
        """Print a line, and keep the figures that it tells."""
        print(told, flush=True)
        self.figures.update({name.replace("_", " "): round(value, 3) for name, value in figures.items()})

    def note(self, name: str, figure: float) -> None:
        """Keep a figure."""
        self.figures[name] = round(figure, 3)

    def keep(self, path: Path = HISTORY) -> None:
        """Append the run to a file, with what it ran on."""
        run = {
            "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "commit": _commit(),
            "machine": f"{_processor()}, {cpu_count()} cores",
            "python": platform.python_version(),
            "figures": self.figures,
        }
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(run) + "\n")

    def compare(self, path: Path = HISTORY) -> None:
        """Print what takes a fifth more than it last did on a machine like this one.

        Of instructions, which are the same every time, a twentieth is told.
        """
        machine = f"{_processor()}, {cpu_count()} cores"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        before: dict[str, tuple[float, str]] = {}
        for run in map(json.loads, lines):
            if run["machine"] == machine:
                before.update({name: (figure, run["commit"]) for name, figure in run["figures"].items()})
        for name, figure in self.figures.items():
            known, commit = before.get(name, (0.0, ""))
            most = 1.05 if name.endswith("instructions") else 1.2
            if known and figure > most * known and not name.endswith("a second"):
                print(f"{name}: {figure:g}, was {known:g} at {commit}")


def verdict(measured: float, goal: float, unit: str) -> str:
    """What is told after a figure: its goal, and whether that is met."""
    return f"{goal:g} {unit}: {'met' if measured <= goal else 'MISSED'}"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HISTORY.parent)
    return found.stdout.strip() or "unknown"


def _processor() -> str:
    """The model of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())
