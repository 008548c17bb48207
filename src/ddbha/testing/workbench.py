"""The world of one of pytest's tests, which tells what happened in it if the test fails."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ddbha.boto import clients
from ddbha.engine import Engine
from ddbha.errors import FaultMetNothing
from ddbha.settings import Arguments, Settings
from ddbha.testing.declaring import declare
from ddbha.testing.telling import TellingEngine, screen, whole
from ddbha.world import World

if TYPE_CHECKING:
    from typing_extensions import Unpack


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

    def told(self, failure: BaseException | None, columns: int, lines: int) -> tuple[str, int]:
        """What happened, for a terminal of that size; and how much of it there is no room for."""
        return screen(self._told.newest, self.events.after(0), failure, columns=columns, lines=lines)

    @property
    def story(self) -> str:
        """Everything that is remembered of the test."""
        return whole(self._told.newest, self.events.after(0))

    def close(self) -> None:
        """The test is over: warn of faults that made no difference."""
        spared = self.faults.spared
        for fault in self.faults.met_nothing:
            why = (
                "chance spared all requests" if fault in spared else "no request, no replica and no link"
            )
            warnings.warn(
                f"The fault {fault!r} met nothing: {why}.",
                FaultMetNothing,
                stacklevel=2,
            )
