"""Clients of a workload: real ones, with an option's policy for where to turn when a region fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, frozen
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ddbha.boto.clients import name_of
from ddbha.errors import UsageError
from ddbha.testing.rehearsal.stage import Operation, Stage

#: What a bad deploy leaves in the items that it overwrites.
DAMAGE = "damaged_by_deploy"
_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=1, read_timeout=1)
_THROTTLES = ("ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded")


@frozen
class Policy:
    """Where clients turn: they `stay`, `fail over` to the next region after so many errors, or `nearest`.

    With `nearest` a call that fails in one region is made again in the next one at once.
    """

    kind: str = "stay"
    after: int = 3

    def __attrs_post_init__(self) -> None:
        if self.kind not in ("stay", "fail over", "nearest"):
            raise UsageError(f"A client can stay, fail over or take the nearest, not {self.kind!r}.")
        if self.after < 1:
            raise UsageError(f"after={self.after} errors: at least one.")

    def __str__(self) -> str:
        return f"fail over after {self.after} errors" if self.kind == "fail over" else self.kind


@define(eq=False)
class RehearsalClient:
    """A DynamoDB client: its methods are those of botocore, each call recorded."""

    _stage: Stage
    _regions: tuple[str, ...]
    _policy: Policy
    _clients: dict[str, Any]
    _current: int = 0
    _errors: int = 0

    @classmethod
    def make(cls, stage: Stage, regions: tuple[str, ...], policy: Policy) -> RehearsalClient:
        """A client for the regions of an option, the first one being its own."""
        clients = {
            name: stage.world.client("dynamodb", region_name=name, config=_CONFIG) for name in regions
        }
        return cls(stage, regions, policy, clients)

    def names(self) -> list[str]:
        """What the history calls its clients."""
        return [name_of(client) for client in self._clients.values()]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_") or not hasattr(self._clients[self._regions[0]], name):
            raise AttributeError(f"a DynamoDB client has no {name!r}")

        def call(**parameters: Any) -> Any:
            return self._call(name, parameters)

        return call

    def _call(self, name: str, parameters: dict[str, Any]) -> Any:
        clock = self._stage.world.clock
        began = clock.time()
        last = len(self._regions) - 1
        tries = len(self._regions) if self._policy.kind == "nearest" else 1
        while True:
            region = self._regions[self._current] if self._stage.place is None else self._stage.place
            try:
                answer = getattr(self._client(region), name)(**self._named(parameters))
            except (ClientError, BotoCoreError) as error:
                code = failure(error)
                if code is None:
                    # A refusal: the service worked.
                    self._note(name, began, region, None)
                    raise
                self._errors += 1
                tries -= 1
                enough = self._policy.kind == "fail over" and self._errors >= self._policy.after
                if last and self._policy.kind != "stay" and (tries or enough):
                    self._current = (self._current + 1) % len(self._regions)
                    self._errors = 0
                    tries = max(tries, 1)
                    continue
                self._note(name, began, region, code)
                raise
            self._errors = 0
            self._note(name, began, region, None)
            if DAMAGE in (answer.get("Item") or {}):
                self._stage.wrong_reads += 1
            return answer

    def _client(self, region: str) -> Any:
        if region not in self._clients:
            made = self._stage.world.client("dynamodb", region_name=region, config=_CONFIG)
            self._clients[region] = made
        return self._clients[region]

    def _named(self, parameters: dict[str, Any]) -> dict[str, Any]:
        name = parameters.get("TableName")
        if name not in self._stage.names:
            return parameters
        return {**parameters, "TableName": self._stage.names[name]}

    def _note(self, name: str, began: float, region: str, error: str | None) -> None:
        ended = self._stage.world.clock.time()
        self._stage.operations.append(Operation(name, began, ended, region, error))


def failure(error: Exception) -> str | None:
    """What to call an error that says that the service could not answer; None for a refusal."""
    if not isinstance(error, ClientError):
        return type(error).__name__
    code = error.response["Error"]["Code"]
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    gone = code == "ResourceNotFoundException"
    return code if status >= 500 or code in _THROTTLES or gone else None
