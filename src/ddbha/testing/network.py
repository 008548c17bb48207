"""What happens to HTTP requests of botocore while a mock is active: none reaches AWS."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.awsrequest import AWSResponse

from ddbha.api.wire.encoding import encoded
from ddbha.boto import internals
from ddbha.errors import AwsError, UsageError
from ddbha.testing.activation import Activation, innermost

#: The domains of AWS's partitions.
_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazonaws.eu", ".aws.ic.gov")
#: The service in the credential scope of a signature.
_SCOPE = re.compile("Credential=[^,]*/([^/,]+)/aws4_request")


def sealed(original: Callable[..., Any]) -> Callable[..., Any]:
    """Replaces the method that hands a request to the network."""

    def send(self: Any, request: Any) -> Any:
        activation = innermost()
        answer = None if activation is None else _answer(activation, request, AWSResponse)
        return original(self, request) if answer is None else answer

    return send


def sealed_async(original: Callable[..., Any]) -> Callable[..., Any]:
    """As `sealed`, for aiobotocore."""

    async def send(self: Any, request: Any) -> Any:
        from aiobotocore.awsrequest import AioAWSResponse

        activation = innermost()
        answer = None if activation is None else _answer(activation, request, AioAWSResponse)
        return await original(self, request) if answer is None else answer

    return send


def _answer(activation: Activation, request: Any, kind: type[AWSResponse]) -> AWSResponse | None:
    """The world's answer to a request for one of its services; None for one that may go on.

    Raises `UsageError` for a request to another service of AWS.
    """
    address = urlsplit(request.url)
    host = (address.hostname or "").lower()
    if not host.endswith(_AWS):
        return None
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    service = _service(headers, host)
    if activation.lets_through(service, request.url):
        return None
    # Clients come here only around botocore's own call, so few tests ever need it.
    from ddbha.server import wire

    target = headers.get("x-amz-target", "")
    if not wire.knows(target):
        raise UsageError(
            f"A client called {host} while ddbha.mock is active: it answers for DynamoDB alone and lets "
            "nothing else reach AWS.  Mock that service too (moto's mock_aws works inside and outside), "
            f"or let it through with ddbha.mock(passthrough=[{service!r}])."
        )
    query, asked = dict(parse_qsl(address.query)), _bytes(request.body)
    try:
        status = 200
        body = wire.answer(activation.world.engine, headers, query, asked, "a client over HTTP")
    except AwsError as error:
        status, body = error.status, encoded(error.body())
    return internals.http_response(
        kind, request.url, status, {"content-type": wire.json_of(target)}, body
    )


def _service(headers: dict[str, str], host: str) -> str:
    """What a request is signed for; an unsigned one says it by its host."""
    scope = _SCOPE.search(headers.get("authorization", ""))
    return scope[1] if scope else host.partition(".")[0]


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")
