"""The mocks that are active: whose world has the calls of plain clients now."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any
from weakref import WeakSet

from botocore.client import BaseClient
from botocore.credentials import RefreshableCredentials

from ddbha.boto import internals
from ddbha.boto.clients import account_of_key
from ddbha.boto.transport import Transport
from ddbha.recovery.objects import Bucketed
from ddbha.testing.moto_s3 import moto_s3
from ddbha.world import World

#: What lets the calls of every service and endpoint through.
EVERYTHING = "*"


class Activation:
    """A world that has the calls, the clients it has served, and what may go past it.

    `passthrough` holds names of services, beginnings of endpoint addresses, or `"*"`.
    """

    def __init__(self, world: World, passthrough: Iterable[str]) -> None:
        self.world = world
        self._passthrough = frozenset(passthrough)
        self._served: WeakSet[BaseClient] = WeakSet()
        self._bucketed = world.engine.environment.parts.the(Bucketed)

    def lets_through(self, service: str, address: str) -> bool:
        """Whether calls of a service to this address leave the test."""
        through = self._passthrough
        return bool(through) and (
            EVERYTHING in through
            or service in through
            or any("://" in one and address.startswith(one) for one in through)
        )

    def transport(self, client: BaseClient, kind: type[Transport]) -> Any:
        """The transport of a client to this world."""
        # Kept with the client, so that both go when the client goes.
        transport = vars(client).get("_ddbha_transports", {}).get(self)
        if transport is None:
            account = account_of_key(_access_key(client)) or self.world.account_id
            transport = kind(self.world.engine, account, client)
            # Another thread may end its mock, or this one, meanwhile.
            with lock:
                if self in _active:
                    vars(client).setdefault("_ddbha_transports", {})[self] = transport
                    self._served.add(client)
        return transport

    def begin(self) -> None:
        """Exports and imports of a world that has no S3 of its own share moto's buckets."""
        self._before = self._bucketed.instead
        if self.world.engine.settings.s3 is None:
            self._bucketed.instead = moto_s3

    def end(self) -> None:
        """Leave no trace on the world and on the clients that were served."""
        self._bucketed.instead = self._before
        for client in list(self._served):
            transports = vars(client)["_ddbha_transports"]
            del transports[self]
            if not transports:
                del vars(client)["_ddbha_transports"]


def _access_key(client: Any) -> str | None:
    credentials = internals.credentials(client)
    # Those that are fetched from somewhere would be fetched now.
    if credentials is None or isinstance(credentials, RefreshableCredentials):
        return None
    access_key: str | None = credentials.access_key
    return access_key


#: Held while mocks begin and end.
lock = threading.RLock()
#: Innermost last; one that was joined is there once for each mock that joined it.  Shared by all threads,
#: because a test's threads are part of the test.
_active: list[Activation] = []


def innermost() -> Activation | None:
    """The activation that has the calls, None outside of any mock."""
    # One read: another thread may end its mock meanwhile.
    active = _active[-1:]
    return active[0] if active else None


def begin(activation: Activation) -> bool:
    """Let an activation have the calls; whether it is the only one."""
    if activation not in _active:
        activation.begin()
    _active.append(activation)
    return len(_active) == 1


def end(activation: Activation) -> bool:
    """Undo one `begin`; whether none is left."""
    _active.remove(activation)
    if activation not in _active:
        activation.end()
    return not _active
