"""What a client gets back: answers and errors as botocore's JSON parser would give them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from botocore.awsrequest import HeadersDict
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.parsers import ResponseParserFactory
from dateutil.tz import tzlocal  # type: ignore[import-untyped]

from ddbha.api.wire.encoding import encoded
from ddbha.errors import AwsError, NoAnswer

#: Takes members out of an answer, in place.
Trim = Callable[[Any], None]
#: Converts the timestamps of an answer, in place or by what it returns.
Localize = Callable[[Any], Any]


class HttpResponse:
    """What stands for the HTTP response towards event handlers."""

    __slots__ = ("_body", "_details", "status_code", "url")

    def __init__(self, details: dict[str, Any], body: dict[str, Any], url: str) -> None:
        self.status_code: int = details["HTTPStatusCode"]
        self.url = url
        self._details = details
        self._body = body

    @property
    def headers(self) -> HeadersDict:
        """The headers, by names in any case."""
        return HeadersDict(self._details["HTTPHeaders"])

    @property
    def content(self) -> bytes:
        """The body as it would travel."""
        body = {name: value for name, value in self._body.items() if name != "ResponseMetadata"}
        return encoded(body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode()


def metadata(request_id: str, status: int, seconds: float, json_version: str) -> dict[str, Any]:
    """The `ResponseMetadata` of an answer given at `seconds` since the epoch, at the first attempt."""
    return {
        "RequestId": request_id,
        "HTTPStatusCode": status,
        "HTTPHeaders": {
            "server": "Server",
            "date": _http_date(int(seconds)),
            "content-type": f"application/x-amz-json-{json_version}",
            "connection": "keep-alive",
            "x-amzn-requestid": request_id,
        },
        "RetryAttempts": 0,
    }


@lru_cache(maxsize=64)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def parsed_error(error: AwsError, service: Any, details: dict[str, Any]) -> dict[str, Any]:
    """What `ClientError.response` holds: code, message, metadata, and the members of a modelled error."""
    parsed: dict[str, Any] = {
        "Error": {"Message": error.message, "Code": error.code},
        "ResponseMetadata": details,
    }
    shape = service.shape_for_error_code(error.code)
    if shape is not None:
        body = error.body()
        parsed.update((name, body[name]) for name in shape.members if body.get(name) is not None)
    return parsed


def parsed_response(http: Any, service: Any, model: OperationModel) -> dict[str, Any]:
    """What botocore's own parser reads from a response that an event handler has made."""
    parser: Any = ResponseParserFactory().create_parser("json")
    response = {"headers": http.headers, "status_code": http.status_code, "body": http.content}
    parsed: dict[str, Any] = parser.parse(response, model.output_shape)
    if http.status_code >= 300:
        shape = service.shape_for_error_code(parsed["Error"]["Code"])
        if shape is not None:
            parsed.update(parser.parse(response, shape))
    return parsed


def lost(answer: NoAnswer, url: str) -> Exception:
    """What botocore raises when no answer comes."""
    return _LOST[answer.kind](endpoint_url=url, error=answer)


_LOST: dict[str, Callable[..., Exception]] = {
    "read_timeout": ReadTimeoutError,
    "connect_timeout": ConnectTimeoutError,
    "endpoint_connection": EndpointConnectionError,
    "connection_closed": ConnectionClosedError,
}


def trimmer(known: Shape | None, served: Shape | None) -> Trim | None:
    """Takes out of an answer of shape `served` what a client whose model is older does not know.

    Its parser would not read that.  None if there is nothing to take out.
    """
    return None if known is None or served is None else _trimmer(known, served, {})


def _trimmer(known: Shape, served: Shape, found: dict[str, Trim | None]) -> Trim | None:
    if served.name not in found:
        # A shape inside itself adds nothing of its own.
        found[served.name] = None
        if isinstance(known, StructureShape) and isinstance(served, StructureShape):
            found[served.name] = _members_trimmer(known, served, found)
        elif isinstance(known, ListShape) and isinstance(served, ListShape):
            found[served.name] = _each(_trimmer(known.member, served.member, found), iter)
        elif isinstance(known, MapShape) and isinstance(served, MapShape):
            found[served.name] = _each(_trimmer(known.value, served.value, found), dict.values)
    return found[served.name]


def _members_trimmer(
    known: StructureShape, served: StructureShape, found: dict[str, Trim | None]
) -> Trim | None:
    unknown = served.members.keys() - known.members.keys()
    both = [
        (name, _trimmer(known.members[name], served.members[name], found))
        for name in known.members
        if name in served.members
    ]
    inner = [(name, trim) for name, trim in both if trim is not None]

    def trim_members(structure: Any) -> None:
        for name in unknown & structure.keys():
            del structure[name]
        for name, trim in inner:
            if name in structure:
                trim(structure[name])

    return trim_members if unknown or inner else None


def _each(trim: Trim | None, elements: Callable[[Any], Iterable[Any]]) -> Trim | None:
    if trim is None:
        return None

    def trim_all(holder: Any) -> None:
        for element in elements(holder):
            trim(element)

    return trim_all


def localizer(shape: Shape | None) -> Localize | None:
    """Puts the timestamps of an answer into the local zone, as botocore does; None if it has none."""
    return None if shape is None else _localizer(shape, {})


def _localizer(shape: Shape, known: dict[str, Localize | None]) -> Localize | None:
    if shape.type_name == "timestamp":
        return _local
    if shape.name not in known:
        # A shape inside itself adds no timestamps of its own.
        known[shape.name] = None
        if isinstance(shape, StructureShape):
            known[shape.name] = _members(shape, known)
        elif isinstance(shape, ListShape):
            known[shape.name] = _elements(_localizer(shape.member, known))
        elif isinstance(shape, MapShape):
            known[shape.name] = _values(_localizer(shape.value, known))
    return known[shape.name]


def _local(moment: Any) -> Any:
    return moment.astimezone(tzlocal())


def _members(shape: StructureShape, known: dict[str, Localize | None]) -> Localize | None:
    members = [(name, _localizer(member, known)) for name, member in shape.members.items()]
    timed = [(name, localize) for name, localize in members if localize is not None]

    def localize_members(structure: Any) -> Any:
        for name, localize in timed:
            if name in structure:
                structure[name] = localize(structure[name])
        return structure

    return localize_members if timed else None


def _elements(localize: Localize | None) -> Localize | None:
    return None if localize is None else lambda elements: [localize(element) for element in elements]


def _values(localize: Localize | None) -> Localize | None:
    if localize is None:
        return None
    return lambda mapping: {key: localize(value) for key, value in mapping.items()}
