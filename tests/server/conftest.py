"""Endpoints with and without the packages that make them fast."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ddbha.server import serving


@pytest.fixture(scope="module", params=["fast", "plain"])
def protocol(request: pytest.FixtureRequest) -> Iterator[str]:
    """How endpoints that are opened meanwhile read HTTP."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "plain":
            patch.setattr(serving, "_is_installed", lambda package: False)
        else:
            pytest.importorskip("httptools")
        yield request.param
