"""Write the table of operations, `coverage.md`, from the service model and the registry."""

from __future__ import annotations

from pathlib import Path

from ddbha.api.registry import implemented
from ddbha.api.wire.model import SERVICES, model_version, service_model

TABLE = Path(__file__).with_name("coverage.md")


def table() -> str:
    """The page: one table for each service, one line for each operation."""
    lacks, version = implemented(), model_version("dynamodb")
    lines = [
        "# Operations",
        "",
        f"Written by `docs/coverage.py` from the service models of {version}: requests are",
        "read, checked and answered by them whatever boto3 is installed. What is not implemented answers",
        "with a `NotImplementedException` that names the operation.",
    ]
    for service, title in SERVICES.items():
        names = service_model(service).operation_names
        count = sum((service, name) in lacks for name in names)
        lines += ["", f"## {title}: {count} of {len(names)}", "", "| operation | |", "|---|---|"]
        lines += [f"| {name} | {_state(lacks.get((service, name)))} |" for name in sorted(names)]
    return "\n".join(lines) + "\n"


def _state(lacks: frozenset[str] | None) -> str:
    if lacks is None:
        return "not implemented"
    return f"partial, without {', '.join(sorted(lacks))}" if lacks else "implemented"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
