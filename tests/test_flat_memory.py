"""The long run of `make soak` in short: operation after operation of each kind, and nothing that grows.

What is kept up to a number, and not for a time, is kept up to a smaller one here.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from ddbha.followers import replication
from ddbha.observe import events, metrics
from ddbha.region import region
from ddbha.storage import partition
from tests.soak.growth import KINDS, grown, measured

COUNT = 400
#: With texts and keys of their own each they fill caches of some thousands, which all worlds share.
CACHED = {"statement", "texts", "new keys"}


@pytest.fixture(autouse=True)
def only_what_is_new() -> Iterator[None]:
    """The collector looks no more at what other tests have left: that is much, and may go meanwhile."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - CACHED))
def test_nothing_grows(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "BATCH", 10)
    monkeypatch.setattr(partition, "ELECTIONS", 10)
    monkeypatch.setattr(replication, "VERSIONS", 10)
    for module in (metrics, region):
        monkeypatch.setattr(module, "SERIES", 10)
    monkeypatch.setattr(events, "KEPT", 10)
    points = list(measured(kind, COUNT))
    assert grown(points) == 0, [point.blocks for point in points]
