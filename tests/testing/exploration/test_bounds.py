"""How much a schedule may do to one call."""

from __future__ import annotations

import importlib.util
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from ddbha.exploration import Trial, explore
from ddbha.testing.exploration.decisions import MOST_IN_A_ROW, Drawn
from ddbha.testing.exploration.kinds import KINDS

EXAMPLE = Path(__file__).parents[3] / "examples" / "explore" / "lost_update.py"


def test_no_schedule_strikes_one_client_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten attempts, as boto3's legacy mode makes, outlast whatever is drawn."""
    struck: list[tuple[int, bool]] = []
    fault = Drawn.fault

    def noted(self: Drawn, client: str, step: int, asked: Any) -> Any:
        decision = fault(self, client, step, asked)
        struck.append((id(self), decision is not None and KINDS[decision.kind].fails))
        return decision

    monkeypatch.setattr(Drawn, "fault", noted)

    def scenario(trial: Trial) -> None:
        client = trial.world.client("dynamodb")

        def ask() -> None:
            for _ in range(60):
                try:
                    client.list_tables()
                except Exception:
                    continue

        trial.client("A", ask)
        trial.run()

    explore(scenario, seeds=range(30), faults=("errors", "lost_requests"))
    longest = max(len(list(row)) for (_, hit), row in groupby(struck) if hit)
    assert longest == MOST_IN_A_ROW


def test_a_right_program_outlasts_the_seeds_that_struck_longest() -> None:
    spec = importlib.util.spec_from_file_location("lost_update", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    explore(example.fixed, seeds=[208, *range(1990, 2000)], faults=example.FAULTS)
