"""The tour runs from the command line and comes out as it should."""

from __future__ import annotations

import pytest

from ddbha.cli import main


def test_the_tour_ends_with_everything_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    main(["tour"])
    output = capsys.readouterr().out
    assert "200 of 200 orders are paid" in output
    assert "An eventually consistent read still answers: paid" in output
    assert "A write is refused after 9 retries" in output
