"""The door to exploration: the names that tests import."""

from __future__ import annotations

from ddbha.testing.exploration import FAULTS, FailingSchedule, Trial, explore

__all__ = ["FAULTS", "FailingSchedule", "Trial", "explore"]
