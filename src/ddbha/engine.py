"""The engine: one request in, one answer out.

Whatever asks for something (botocore's clients, the HTTP endpoint, the checker's trials) asks here.  A
request holds the world's lock, first lets everything happen that is due, and is answered whole or not at
all.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from math import inf
from random import Random
from time import perf_counter
from typing import Any

from ddbha.api import registry
from ddbha.api.access.authorization import authorize
from ddbha.api.access.policies import Policies
from ddbha.api.metering import count_error, count_tables
from ddbha.api.registry import Caller
from ddbha.api.wire.validation import validator
from ddbha.api.wire.wording import word
from ddbha.errors import (
    AwsError,
    DdbhaError,
    FromOutside,
    InternalServerError,
    NoAnswer,
    UnknownPlaceError,
)
from ddbha.faults.catalogue import Faults
from ddbha.faults.requests import Perform, through
from ddbha.faults.unavailability import Unavailability
from ddbha.interruptions import uninterrupted
from ddbha.observe.events import Timeline
from ddbha.observe.metrics import Metrics
from ddbha.recovery.objects import Bucketed, Objects, S3Objects
from ddbha.region.environment import Environment
from ddbha.region.places import check_region
from ddbha.region.region import Region, Regions
from ddbha.region.table import Table
from ddbha.settings import Settings
from ddbha.verify.attempts import Attempt, Attempts
from ddbha.verify.calls import UNDERSTOOD
from ddbha.verify.history import History

_log = logging.getLogger(__name__)

_NOTHING: frozenset[str] = frozenset()

#: pytest leaves the frames of this module out of tracebacks: a failing test is about its own lines.
__tracebackhide__ = True


class Engine:
    """All accounts and regions of a world, and the way in for requests."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = settings.clock
        self.account_id = settings.account_id
        self.environment = Environment(settings, settings.clock, Random(settings.seed))
        self.regions = Regions(self.environment)
        self.environment.scheduler.set_back = self.regions.catch_up
        self.lock = self.environment.scheduler.lock
        self.turns = self.environment.scheduler.turns
        #: What clients asked for and were told; `history.start()` records it from then on.
        self.history = History(self.environment, recording=settings.history)
        self.attempts = Attempts(self.regions)
        self.faults = Faults(self.regions, registry.names())
        self._unavailability = Unavailability(self.environment, self._unasked)
        self.request_ids = Random(settings.seed)
        self._policies = self.environment.parts.the(Policies)
        self._older = settings.wording == "older"
        self._clients = 0
        if settings.s3 is not None:
            self.environment.parts.put(Bucketed(S3Objects(settings.s3)))
        self.metrics.counted = self._counted

    def call(
        self,
        service: str,
        operation: str,
        params: dict[str, Any],
        caller: Caller,
        *,
        typed: bool = False,
        client: str = "",
        patience: float = inf,
    ) -> dict[str, Any]:
        """Answer one request, all of it or nothing; raises `AwsError`.

        `params` may be anything that JSON can be, with blobs as bytes or base64 text; `typed` says that
        its members and types are known to be those of the service model.  `client` names who asks in the
        history, and waits for `patience` seconds.
        """
        turns = self.turns
        if turns.busy:
            turns.wait()
        turns.busy = True
        try:
            with self.lock, uninterrupted:
                environment = self.environment
                try:
                    environment.scheduler.run_due(self.clock.time())
                    environment.patience = patience
                    if self.history.recording or self.attempts.recording:
                        return self._attempted(service, operation, params, caller, typed, client)
                    return self._answer(service, operation, params, caller, typed)
                except (AwsError, NoAnswer, DdbhaError):
                    raise
                except FromOutside as outside:
                    raise outside.error from None
                except Exception as error:
                    raise self._defect(operation, caller, params, error) from error
        finally:
            turns.busy = False
            if turns.waiting and perf_counter() >= turns.due:
                turns.pass_on()

    def _defect(
        self, operation: str, caller: Caller, params: Any, error: Exception
    ) -> InternalServerError:
        """What a client is told, after everybody else, when ddbha itself fails."""
        _log.error(
            "ddbha failed to answer %s in %s: %.2000r", operation, caller.region, params, exc_info=error
        )
        what = f"{type(error).__name__}: {error}"
        self.environment.record("defect", caller.region, operation=operation, error=what)
        return InternalServerError(
            f"ddbha itself failed to answer {operation}, which is a defect of it: {what}"
        )

    def _answer(
        self,
        service: str,
        operation: str,
        params: dict[str, Any],
        caller: Caller,
        typed: bool,
        attempt: Attempt | None = None,
    ) -> dict[str, Any]:
        environment = self.environment
        outages = environment.links.outages
        outage = environment.links.outage(caller.region) if outages else None
        if outage in ("refused", "timeouts"):
            raise NoAnswer("endpoint_connection" if outage == "refused" else "connect_timeout")
        answer, region = registry.find(service, operation), self.region(caller)
        request = params
        try:
            if outage:
                raise InternalServerError
            request = validator(service, operation).accept(params, typed=typed, older=self._older)
            environment.operation = operation
            if self._policies.by_arn:
                region = authorize(region, service, operation, request)
            else:
                environment.admitted = _NOTHING
            faults = self.faults.of_requests
            if attempt is None and not faults:
                return self._unavailability.answer(answer, region, operation, request)
            perform = partial(self._unavailability.answer, answer, region, operation)
            if attempt is not None:
                self.attempts.arrive(attempt, request)
            if self.history.recording and attempt is not None:
                return self._recorded(attempt.client, region, operation, request, perform)
            return through(faults, region.name, operation, request, environment.random, perform)
        except AwsError as error:
            word(error, operation, older=self._older)
            count_error(region, operation, request, error)
            raise

    def _attempted(
        self,
        service: str,
        operation: str,
        params: dict[str, Any],
        caller: Caller,
        typed: bool,
        client: str,
    ) -> dict[str, Any]:
        """Answer a request, or fail to, and keep both."""
        attempt = self.attempts.begin(client, caller, operation, params)
        try:
            answer = self._answer(service, operation, params, caller, typed, attempt)
        except (AwsError, NoAnswer) as error:
            self.attempts.end(attempt, error)
            raise
        self.attempts.end(attempt, answer)
        return answer

    def _recorded(
        self, client: str, region: Region, operation: str, request: dict[str, Any], perform: Perform
    ) -> dict[str, Any]:
        """Answer a request, and keep it in the history."""
        call = self.history.begin(client, region, operation, request, self.faults.of_requests)
        try:
            faults, random = self.faults.of_requests, self.environment.random
            answer = through(faults, region.name, operation, request, random, perform)
        except (AwsError, NoAnswer) as error:
            if isinstance(error, AwsError):
                word(error, operation, older=self._older)
            self.history.end(call, error)
            raise
        self.history.end(call, answer)
        return answer

    def _unasked(self, operation: str) -> AbstractContextManager[None]:
        """Where an operation is done later than its client asked, so that the history understands it."""
        return nullcontext() if operation in UNDERSTOOD else self.history.aside()

    def region(self, caller: Caller) -> Region:
        """A region as an account sees it."""
        return self.regions.of(caller.account_id, caller.region)

    def table(self, name: str, caller: Caller) -> Table:
        """A table for inspection; `UnknownPlaceError` if there is none."""
        with self.standstill():
            check_region(caller.region, more=self.settings.more_regions)
            region = self.region(caller)
            if name not in region.tables:
                raise UnknownPlaceError(
                    f"There is no table {name!r} in {region.name}. Tables there: "
                    f"{', '.join(sorted(region.tables)) or 'none'}."
                )
            region.settle(region.tables[name])
            return region.tables[name]

    def standstill(self) -> AbstractContextManager[Environment]:
        """As `Environment.standstill`."""
        return self.environment.standstill()

    @property
    def events(self) -> Timeline:
        """What happened by now, oldest first."""
        with self.standstill() as environment:
            return environment.events

    @property
    def metrics(self) -> Metrics:
        """What was consumed, throttled and so on, by minute, under CloudWatch's names."""
        return self.environment.metrics

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """A standstill in which the metrics know what was written and what is provisioned by now."""
        with self.standstill() as environment:
            environment.settle()
            environment.count_pending()
            for region in self.regions:
                count_tables(region)
            yield

    def client_name(self) -> str:
        """A name for one more client, for the history."""
        self._clients += 1
        return f"client-{self._clients}"

    def request_id(self) -> str:
        """An identifier like AWS's: 52 capital letters and digits."""
        return f"{self.request_ids.getrandbits(208):052X}"

    def reset(self) -> None:
        """Back to an empty world, with the same clock and seed."""
        with self.lock, uninterrupted:
            environment = self.environment
            self.faults.end_all()
            self.history.clear()
            self.attempts.clear()
            self._unavailability.clear()
            self.regions.clear()
            self._policies.by_arn.clear()
            self._policies.changes.clear()
            objects = environment.parts.the(Bucketed).own
            if isinstance(objects, Objects):
                objects.clear()
            environment.clear()
            environment.random.seed(self.settings.seed)
            self.request_ids.seed(self.settings.seed)
