"""Whom an endpoint lets in: by which name it is called, and from which web pages.

A browser sends requests to an endpoint on its own machine for any page that it shows, and a page can
point a name of its own at any address (DNS rebinding).  So an endpoint wants to be called by a name that
it knows, and obeys pages of other origins only if told to.  Programs that are no browsers send no Origin.

https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ddbha.errors import UsageError

ANY = "*"

_LOOKED_AT = (("host", b"host"), ("origin", b"origin"))


@frozen
class Doors:
    """The names and the origins that are let in beside those of the endpoint itself.

    Loopback names lead everywhere.  An address that is no loopback one is also called by what it is: no
    foreign page can have an address for its name.
    """

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, hosts: Iterable[str], origins: Iterable[str]) -> Doors:
        """Raises `UsageError` for what no request can name."""
        for given in (hosts, origins):
            if isinstance(given, str):
                raise UsageError(f"{given!r} is one text; give a list of them.")
        names = frozenset(host.lower() for host in hosts)
        for name in names:
            if name != ANY and not (_name(name) and _name(name) == name.strip("[]")):
                raise UsageError(f"{name!r} is no name of a host, like db.test, nor {ANY!r} for all.")
        pages = frozenset(origin.lower() for origin in origins)
        for page in pages:
            if page != ANY and not _is_origin(page):
                raise UsageError(
                    f"{page!r} is no origin, like http://localhost:3000, nor {ANY!r} for all."
                )
        return cls(frozenset(name.strip("[]") for name in names), pages)

    def refusal(self, headers: Mapping[str, str], address: str | None) -> str | None:
        """Why a request that arrived at an address is not let in; None if it is."""
        host = headers.get("host", "")
        if not self._knows(host, address):
            return (
                f"This endpoint does not go by the name {host!r}; if it shall, allow it with "
                "--allow-host or world.serve(allow_hosts=[...])."
            )
        origin = headers.get("origin")
        if origin is not None and not (self.trusts(origin) or is_own_origin(headers)):
            return (
                f"Pages of {origin!r} may not use this endpoint; if they shall, allow it with "
                "--allow-origin or world.serve(allow_origins=[...])."
            )
        return None

    def trusts(self, origin: str) -> bool:
        """Whether pages of an origin may use the endpoint."""
        return ANY in self.origins or origin.lower() in self.origins

    def _knows(self, host: str, address: str | None) -> bool:
        name = _name(host)
        if ANY in self.hosts or name in self.hosts or is_loopback(name):
            return True
        return _is_address(name) and address is not None and not is_loopback(address)


class Doorkeeper:
    """Sends away who is not let in, whatever was asked for."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self._app = app
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        address = (scope.get("server") or (None,))[0]
        # The first of a name counts.
        given = dict(reversed(scope["headers"]))
        headers = {name: given[raw].decode("latin-1") for name, raw in _LOOKED_AT if raw in given}
        refusal = self._doors.refusal(headers, address)
        if refusal is None:
            await self._app(scope, receive, send)
            return
        told: dict[str, Any] = {
            "__type": "com.amazon.coral.service#AccessDeniedException",
            "message": refusal,
            "error": refusal,
        }
        # What follows is not read: a page may send as much as it likes.
        closes = {"connection": "close", "x-content-type-options": "nosniff"}
        answer = Response(json.dumps(told), 403, closes, "application/x-amz-json-1.0")
        await answer(scope, receive, send)


def is_own_origin(headers: Mapping[str, str]) -> bool:
    """Whether the page that asks came from this very endpoint."""
    origin, host = headers.get("origin", "").lower(), headers.get("host", "").lower()
    return bool(host) and origin in (f"http://{host}", f"https://{host}")


@lru_cache(maxsize=16)
def is_loopback(name: str) -> bool:
    """Whether a name or an address means the machine itself."""
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=16)
def _name(host: str) -> str:
    """The name in a Host header, in lower case, without port; empty if it has none."""
    try:
        parts = urlsplit(f"//{host}")
        return parts.hostname or "" if parts.netloc == host and "@" not in host else ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_origin(text: str) -> bool:
    scheme, separator, host = text.partition("://")
    return bool(scheme.isalnum() and separator and _name(host))
