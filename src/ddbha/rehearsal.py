"""The door to rehearsals: options, disasters, and what comes of them."""

from __future__ import annotations

from ddbha.testing.rehearsal import (
    DISASTERS,
    OPTIONS,
    Cell,
    Disaster,
    Matrix,
    Option,
    Policy,
    RehearsalClock,
    Run,
    backups,
    global_table,
    page,
    recovery,
    rehearse,
    single_region,
    strong_global_table,
)

__all__ = [
    "DISASTERS",
    "OPTIONS",
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
