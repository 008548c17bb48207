"""What a page is told that was there before, and one that was away for long."""

from __future__ import annotations

import pytest

from ddbha.server.console import changes
from ddbha.server.console.changes import Changes


def test_what_changed_since_a_moment() -> None:
    known = Changes()
    known.take({"tables": {"a": 1, "b": 1}})
    first = known.since(None)
    assert (first["everything"], first["changed"]) == (True, {"tables": {"a": 1, "b": 1}})
    known.take({"tables": {"a": 2, "c": 1}})
    second = known.since(first["moment"])
    assert second["changed"] == {"tables": {"a": 2, "c": 1}}
    assert second["gone"] == {"tables": ["b"]}
    known.take({"tables": {"a": 2, "c": 1}})
    assert known.since(second["moment"]) == {**second, "changed": {}, "gone": {}}


def test_what_went_and_came_back_is_there() -> None:
    known = Changes()
    known.take({"tables": {"a": 1}})
    first = known.since(None)
    known.take({"tables": {}})
    known.take({"tables": {"a": 1}})
    assert known.since(first["moment"])["changed"] == {"tables": {"a": 1}}
    assert known.since(first["moment"])["gone"] == {}


def test_who_was_away_for_too_long_is_told_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "REMEMBERED", 2)
    known = Changes()
    known.take({"faults": {str(number): number for number in range(4)}})
    first = known.since(None)["moment"]
    for left in (3, 2, 1):
        known.take({"faults": {str(number): number for number in range(left)}})
        if left == 3:
            second = known.since(None)["moment"]
    assert known.since(first)["everything"]
    later = known.since(second)
    assert (later["everything"], later["gone"]) == (False, {"faults": ["2", "1"]})
