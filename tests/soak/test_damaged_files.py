"""Ten thousand damaged files of worlds: `make soak`."""

from __future__ import annotations

import os
from pathlib import Path

from tests.world_file.test_damaged_files import damage_and_load, saved

FIRST = int(os.environ.get("DDBHA_FIRST_SEED", "1000"))
SEEDS = int(os.environ.get("DDBHA_SEEDS", "10000"))


def test_damaged_files(tmp_path: Path) -> None:
    whole = saved(tmp_path)
    for seed in range(FIRST, FIRST + SEEDS):
        damage_and_load(seed, whole, tmp_path)
