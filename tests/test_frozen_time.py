"""What freezes the machine's time freezes a `SystemClock`."""

from __future__ import annotations

import freezegun
import time_machine

import ddbha


def test_freezegun() -> None:
    with freezegun.freeze_time("2031-02-03T04:05:06Z") as frozen:
        clock = ddbha.SystemClock()
        assert clock.now().isoformat() == "2031-02-03T04:05:06+00:00"
        frozen.tick(10)
        clock.advance(minutes=1)
        assert clock.now().isoformat() == "2031-02-03T04:06:16+00:00"


def test_time_machine() -> None:
    with time_machine.travel("2031-02-03T04:05:06Z", tick=False) as traveller:
        clock = ddbha.SystemClock()
        assert clock.now().isoformat() == "2031-02-03T04:05:06+00:00"
        traveller.shift(10)
        assert clock.now().isoformat() == "2031-02-03T04:05:16+00:00"
