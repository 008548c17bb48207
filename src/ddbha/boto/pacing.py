"""What botocore does by the machine's time, done by the world's: waiters and client-side rate limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import CapacityNotAvailableError
from botocore.retries import adaptive, bucket, standard, throttling
from botocore.waiter import Waiter

from ddbha.boto import internals
from ddbha.clock import Clock

#: The clock a waiter is to wait on, looked up when it waits; None is the machine's.
FindClock = Callable[[], Clock | None]


class WorldClock(bucket.Clock):
    """A world's clock in the form that botocore's rate limits take."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def sleep(self, amount: float) -> None:
        self._clock.sleep(amount)

    def current_time(self) -> float:
        return self._clock.time()


class PacedTokenBucket(bucket.TokenBucket):
    """A token bucket whose callers wait on its clock; botocore's waits on a lock for real seconds."""

    def __init__(self, max_rate: float, clock: WorldClock) -> None:
        super().__init__(max_rate, clock)
        self._waiting_on = clock

    def acquire(self, amount: int = 1, block: bool = True) -> bool:
        while True:
            try:
                return bool(super().acquire(amount, block=False))
            except CapacityNotAvailableError:
                if not block:
                    raise
                missing = (amount - self.available_capacity) / self.max_rate
                # A sum of seconds since the epoch is not finer than a microsecond.
                self._waiting_on.sleep(max(missing, 1e-6))


def rate_limiter(clock: Clock) -> adaptive.ClientRateLimiter:
    """The rate limiter of retry mode "adaptive", on a world's clock."""
    paced = WorldClock(clock)
    return adaptive.ClientRateLimiter(
        rate_adjustor=throttling.CubicCalculator(starting_max_rate=0, start_time=paced.current_time()),
        rate_clocker=adaptive.RateClocker(paced),
        token_bucket=PacedTokenBucket(1, paced),
        throttling_detector=standard.ThrottlingErrorDetector(
            retry_event_adapter=standard.RetryEventAdapter()
        ),
        clock=paced,
    )


def paced(waiter: Waiter, find_clock: FindClock) -> Waiter:
    """The same waiter, pausing on the clock found when `wait` is called."""
    private: Any = waiter
    plain_wait = waiter.wait

    def wait(**kwargs: Any) -> Any:
        clock = find_clock()
        if clock is None:
            return plain_wait(**kwargs)
        config = dict(kwargs.pop("WaiterConfig", {}))
        pause = config.pop("Delay", internals.waiter_pause(waiter))
        twin = internals.waiter_with(waiter, lambda poll: _pausing(poll, clock, pause))
        # Each poll but the first is preceded by the pause, so botocore itself has none to make.
        return twin.wait(WaiterConfig={**config, "Delay": 0}, **kwargs)

    private.wait = wait
    return waiter


def _pausing(operation: Callable[..., Any], clock: Clock, pause: float) -> Callable[..., Any]:
    polled = False

    def poll(**kwargs: Any) -> Any:
        nonlocal polled
        if polled:
            clock.sleep(pause)
        polled = True
        return operation(**kwargs)

    return poll
