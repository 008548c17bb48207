"""The worlds of pytest's tests: one that tells what a failing test did, and one that is elsewhere."""

from __future__ import annotations

import os
import warnings
from collections import deque
from math import inf
from typing import TYPE_CHECKING, Any, NoReturn

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ddbha.api.registry import Caller
from ddbha.boto import clients
from ddbha.engine import Engine
from ddbha.errors import AwsError, FaultMetNothing, NoAnswer
from ddbha.observe.events import Event
from ddbha.settings import Arguments, Settings
from ddbha.templates.declarations import described
from ddbha.world import World

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: How many requests and events a report shows.
_SHOWN = 25


class TellingEngine(Engine):
    """An engine that remembers its newest requests."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.newest: deque[tuple[float, Event]] = deque(maxlen=_SHOWN)

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
        """As `Engine.call`."""
        details = {"asked": params, "told": "an answer"}
        event = Event(self.clock.time(), operation, caller.region, details)
        # Between the events before and those that come of it.
        self.newest.append((len(self.events) - 0.5, event))
        try:
            return super().call(
                service, operation, params, caller, typed=typed, client=client, patience=patience
            )
        except (AwsError, NoAnswer) as error:
            details["told"] = getattr(error, "code", "nothing")
            raise


class TestWorld(World):
    """A world that remembers its newest requests, and whose clients are in `region` by default."""

    # Not a class of tests.
    __test__ = False

    def __init__(self, region: str, **settings: Unpack[Arguments]) -> None:
        super().__init__(**settings)
        self._region = region

    def _new_engine(self, settings: Settings) -> Engine:
        self._told = TellingEngine(settings)
        return self._told

    def client(self, service_name: str, *, region_name: str | None = None, **kwargs: Any) -> Any:
        """As `World.client`, in the test's region unless another is named."""
        return clients.client(
            self.engine, service_name, region_name=self._where(region_name, kwargs), **kwargs
        )

    def resource(self, service_name: str, *, region_name: str | None = None, **kwargs: Any) -> Any:
        """As `World.resource`, in the test's region unless another is named."""
        return clients.resource(
            self.engine, service_name, region_name=self._where(region_name, kwargs), **kwargs
        )

    def _where(self, region_name: str | None, options: dict[str, Any]) -> str:
        return region_name or getattr(options.get("config"), "region_name", None) or self._region

    def declare(self, table: dict[str, Any], region: str) -> None:
        """Create a table."""
        declare(self.client("dynamodb", region_name=region), table)

    def told(self, failure: Any) -> str:
        """The newest requests and events, with the request marked that made the test fail.

        `failure` is pytest's: its `value` is the exception.
        """
        failed = isinstance(getattr(failure, "value", None), (ClientError, BotoCoreError))
        marked = self._told.newest[-1][1] if self._told.newest else None
        placed = sorted([*self._told.newest, *enumerate(self.events)], key=lambda one: one[0])
        lines = [event for _, event in placed[-_SHOWN:]]
        mark = ">>> " if failed else "  > "
        shown = [f"{mark if event is marked else '    '}{str(event)[:300]}" for event in lines]
        meaning = "this request failed" if failed else "the last request before the failure"
        return "\n".join([f"timeline ({mark.strip()} {meaning}):", *shown])

    def close(self) -> None:
        """The test is over: warn of faults that made no difference."""
        for fault in self.faults.met_nothing:
            warnings.warn(
                f"The fault {fault!r} met nothing: no request, no replica and no link.",
                FaultMetNothing,
                stacklevel=2,
            )


class EndpointWorld:
    """Clients of an existing engine.  Whatever else a world has, tests that need it are skipped."""

    def __init__(self, url: str, region: str) -> None:
        self._url = url
        self._region = region
        self._created: list[tuple[Any, str]] = []

    def client(self, service_name: str, *, region_name: str | None = None, **kwargs: Any) -> Any:
        """A plain client of boto3."""
        return self._noticed(self.session(region_name=region_name).client, service_name, kwargs)

    def resource(self, service_name: str, *, region_name: str | None = None, **kwargs: Any) -> Any:
        """A plain resource of boto3."""
        made = self.session(region_name=region_name).resource
        return self._noticed(made, service_name, kwargs)

    def session(self, *, region_name: str | None = None) -> boto3.Session:
        """A session with credentials of no account; its clients need the endpoint's address."""
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        return boto3.Session(
            aws_access_key_id=f"ddbha{worker}",
            aws_secret_access_key="ddbha",
            region_name=region_name or self._region,
        )

    def declare(self, table: dict[str, Any], region: str) -> None:
        """Create a table."""
        declare(self.client("dynamodb", region_name=region), table)

    def close(self) -> None:
        """Delete the tables that this test created and left."""
        for client, name in reversed(self._created):
            try:
                client.delete_table(TableName=name)
            except client.exceptions.ResourceNotFoundException:
                continue
            client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1})

    def _noticed(self, make: Any, service_name: str, options: dict[str, Any]) -> Any:
        made = make(service_name, endpoint_url=self._url, **options)
        client = made if not hasattr(made.meta, "client") else made.meta.client

        def created(parsed: dict[str, Any], **_: Any) -> None:
            if "TableDescription" in parsed:
                self._created.append((client, parsed["TableDescription"]["TableName"]))

        client.meta.events.register("after-call.dynamodb.CreateTable", created)
        return made

    def __getattr__(self, name: str) -> NoReturn:
        import pytest

        if name.startswith("_"):
            raise AttributeError(name)
        pytest.skip(f"needs ddbha_world.{name}, which {self._url} does not have")


def declare(client: Any, table: dict[str, Any]) -> None:
    """Create a table from a request of CreateTable or an answer of DescribeTable.

    Raises `UsageError` for anything else.
    """
    declaration = described(table, client.meta.region_name)
    client.create_table(**declaration.create)
    client.get_waiter("table_exists").wait(TableName=declaration.name)
