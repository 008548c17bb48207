"""The timeline numbers its events, also those that it has forgotten."""

from __future__ import annotations

from ddbha.observe.events import KEPT, Timeline


def numbers(timeline: Timeline, after: int) -> list[int]:
    return [number for number, _ in timeline.after(after)]


def test_events_after_one_of_them_the_newest_first() -> None:
    timeline = Timeline()
    assert numbers(timeline, 0) == []
    for second in range(3):
        timeline.add(float(second), "throttled", "us-east-1")
    assert numbers(timeline, 0) == [3, 2, 1]
    assert [(number, event.time) for number, event in timeline.after(2)] == [(3, 2.0)]
    assert numbers(timeline, 3) == []


def test_numbers_go_on_when_events_are_forgotten() -> None:
    timeline = Timeline()
    for second in range(KEPT + 5):
        timeline.add(float(second), "throttled", "us-east-1")
    assert numbers(timeline, KEPT + 3) == [KEPT + 5, KEPT + 4]
    assert numbers(timeline, 0)[-1] == 6
    timeline.clear()
    assert numbers(timeline, 0) == []
    timeline.add(0.0, "throttled", "us-east-1")
    assert numbers(timeline, 0) == [KEPT + 6]
