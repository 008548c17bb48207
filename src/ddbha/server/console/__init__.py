"""The console: a page that shows a world live, changes its data, and breaks it at the press of a button.

It needs nothing but the endpoint itself.  Data it reads and writes by the operations, like any client;
what is here shows the world, its timeline and its charts, and performs what no operation does.  Since
that changes the world, it obeys only its own page: a POST must have the page's Origin.  What names the
endpoint goes by is for `doors` to say.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import asdict
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ddbha.boto.clients import default_region
from ddbha.engine import Engine
from ddbha.errors import AwsError, DdbhaError
from ddbha.region.places import REGIONS
from ddbha.server.console.actions import perform
from ddbha.server.console.charts import charts
from ddbha.server.console.fault_menu import menu
from ddbha.server.console.state import View
from ddbha.server.console.timeline import page_of_events
from ddbha.server.doors import is_own_origin
from ddbha.server.faster_json import encoded

PATH = "/console"
#: Bytes that the request for an action may have.
MAXIMUM_ACTION = 64 * 1024

_FOLDER = Path(__file__).with_name("page")
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
#: What the page consists of; nothing else of the folder is sent.
FILES = sorted(path.name for path in _FOLDER.iterdir() if path.suffix in _MEDIA_TYPES)
_HEADERS = {
    # Nothing comes from elsewhere, no script stands in the page, and no other page may frame the buttons.
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


def routes(engine: Engine) -> list[Route]:
    """The page, what it shows, and what it does."""
    console = Console(engine)
    return [
        Route(PATH, console.way_here, methods=["GET"]),
        Route(f"{PATH}/", console.file, methods=["GET"]),
        Route(f"{PATH}/state", console.state, methods=["GET"]),
        Route(f"{PATH}/events", console.events, methods=["GET"]),
        Route(f"{PATH}/charts", console.charts, methods=["GET"]),
        Route(f"{PATH}/menu", console.menu, methods=["GET"]),
        Route(f"{PATH}/actions", console.act, methods=["POST"]),
        *(Route(f"{PATH}/{name}", console.file, methods=["GET"]) for name in FILES),
    ]


def way_here() -> Response:
    """Leads a browser to the page."""
    return RedirectResponse(f"{PATH}/", 307, _HEADERS)


class Console:
    """Answers the page's requests from a world."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._view = View(engine)

    async def way_here(self, request: Request) -> Response:
        """Where the page's name lacks its slash."""
        return way_here()

    async def file(self, request: Request) -> Response:
        """A file of the page; its first one unless the path names another."""
        name = request.url.path.removeprefix(f"{PATH}/") or "index.html"
        content = (_FOLDER / name).read_bytes()
        return Response(content, 200, _HEADERS, _MEDIA_TYPES[Path(name).suffix])

    async def state(self, request: Request) -> Response:
        """The world as JSON, see `View.state`: what is another one than at the moment `since`."""
        return _json(self._view.state(request.query_params.get("since")))

    async def events(self, request: Request) -> Response:
        """A page of the timeline, see `page_of_events`."""
        return _or_refusal(lambda: page_of_events(self._engine, request.query_params))

    async def charts(self, request: Request) -> Response:
        """What the charts of a table show, see `charts`."""
        return _or_refusal(lambda: charts(self._engine, self._view.lags, request.query_params))

    async def menu(self, request: Request) -> Response:
        """The faults and their arguments, and the regions that there can be."""
        faults = [
            {"name": name, "text": text, "arguments": [asdict(argument) for argument in arguments]}
            for name, (text, arguments) in menu().items()
        ]
        return _json(
            {
                "faults": faults,
                "regions": sorted({*REGIONS, *self._engine.settings.more_regions}),
                "region": default_region(),
            }
        )

    async def act(self, request: Request) -> Response:
        """Perform an action, see `actions`, and answer with what has changed, or with an `error`."""
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

        def performed() -> dict[str, Any]:
            perform(self._engine, self._view, wanted)
            return self._view.state(request.query_params.get("since"))

        return _or_refusal(performed)


def _or_refusal(answer: Callable[[], dict[str, Any]]) -> Response:
    try:
        return _json(answer())
    except AwsError as error:
        return _refusal(400, f"{error.code}: {error.message}")
    except DdbhaError as error:
        return _refusal(400, str(error))


def _refusal(status: int, message: str) -> Response:
    return _json({"error": message}, status)


def _json(content: dict[str, Any], status: int = 200) -> Response:
    """Like an answer of an operation: whatever text a client put into the world can be sent."""
    return Response(encoded(content), status, _HEADERS, "application/json")
