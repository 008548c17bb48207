"""The console: a page that shows a world live and breaks it at the press of a button.

It needs nothing but the endpoint itself.  Since it changes the world, it obeys only its own page: a POST
must have the page's Origin.  What names the endpoint goes by is for `doors` to say.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ddbha.api.wire.encoding import encoded
from ddbha.engine import Engine
from ddbha.errors import AwsError, DdbhaError, NoAnswer
from ddbha.server.console.actions import perform
from ddbha.server.console.state import View
from ddbha.server.doors import is_own_origin

PATH = "/console"
#: Bytes that the request for an action may have.
MAXIMUM_ACTION = 64 * 1024

_PAGE = Path(__file__).with_name("page.html")
_HEADERS = {
    # Nothing comes from elsewhere, and no other page may frame the buttons.
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


def routes(engine: Engine) -> list[Route]:
    """The page, what it shows, and what it does."""
    console = Console(engine)
    return [
        Route(PATH, console.page, methods=["GET"]),
        Route(f"{PATH}/state", console.state, methods=["GET"]),
        Route(f"{PATH}/actions", console.act, methods=["POST"]),
    ]


class Console:
    """Answers the page's requests from a world."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._view = View(engine)

    async def page(self, request: Request) -> Response:
        """The page itself."""
        return Response(_PAGE.read_bytes(), media_type="text/html; charset=utf-8", headers=_HEADERS)

    async def state(self, request: Request) -> Response:
        """The world as JSON, see `View.state`."""
        return _json(self._view.state())

    async def act(self, request: Request) -> Response:
        """Perform an action, see `actions`, and answer with the new state, or with an `error`."""
        if not is_own_origin(request.headers):
            return _refusal(403, "Only the console's own page may do that: its Origin must be the Host.")
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAXIMUM_ACTION:
                return _refusal(413, "An action is not that long.")
        try:
            wanted: Any = json.loads(body)
        except (ValueError, RecursionError):
            return _refusal(400, "An action is a JSON object.")
        try:
            perform(self._engine, self._view, wanted)
        except NoAnswer:
            return _refusal(400, "The region cannot be reached: end its outage first.")
        except AwsError as error:
            return _refusal(400, f"{error.code}: {error.message}")
        except DdbhaError as error:
            return _refusal(400, str(error))
        return _json(self._view.state())


def _refusal(status: int, message: str) -> Response:
    return _json({"error": message}, status)


def _json(content: dict[str, Any], status: int = 200) -> Response:
    """Like an answer of an operation: whatever text a client put into the world can be sent."""
    return Response(encoded(content), status, _HEADERS, "application/json")
