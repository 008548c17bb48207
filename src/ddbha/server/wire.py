"""A request of AWS's JSON protocol, answered by a world.

The checks are made in AWS's order: the body's syntax, the operation, the signature, then the content.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ddbha.api.wire.encoding import decoded
from ddbha.api.wire.model import SERVICES, service_model
from ddbha.engine import Engine
from ddbha.errors import SerializationException, UnknownOperationException
from ddbha.server.authentication import caller
from ddbha.server.faster_json import encoded


def answer(
    engine: Engine, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, client: str
) -> bytes:
    """What the world answers to the operation that the header X-Amz-Target names; some have none.

    `client` names who asks in the world's history.  Raises `AwsError` or `NoAnswer`.
    """
    request: Any = decoded(body) if body else None
    service, operation = _target(headers.get("x-amz-target", ""))
    asks = caller(headers, query, engine.settings, service_model(service).signing_name)
    if not body:
        raise SerializationException
    answered = engine.call(service, operation, request, asks, client=client)
    if operation == "DescribeEndpoints" and (asked_at := headers.get("host")):
        # A client that discovers endpoints goes on where it asked, and not to AWS.
        for endpoint in answered["Endpoints"]:
            endpoint["Address"] = asked_at
    return encoded(answered) if _has_output(service, operation) else b""


def knows(target: str) -> bool:
    """Whether a target is one of the services that a world has."""
    return target.partition(".")[0] in _services()


def json_of(target: str) -> str:
    """The media type of the service of a target; that of DynamoDB where none is known."""
    return _json_of(_services().get(target.partition(".")[0], "dynamodb"))


def _target(target: str) -> tuple[str, str]:
    """The service and the operation of a target such as DynamoDB_20120810.PutItem."""
    prefix, _, operation = target.partition(".")
    service = _services().get(prefix)
    if service is None or operation not in _operations(service):
        raise UnknownOperationException
    return service, operation


@cache
def _services() -> dict[str, str]:
    """The services by what their targets begin with."""
    return {service_model(service).metadata["targetPrefix"]: service for service in SERVICES}


@cache
def _json_of(service: str) -> str:
    return f"application/x-amz-json-{service_model(service).metadata['jsonVersion']}"


@cache
def _has_output(service: str, operation: str) -> bool:
    return service_model(service).operation_model(operation).output_shape is not None


@cache
def _operations(service: str) -> frozenset[str]:
    return frozenset(service_model(service).operation_names)
