"""Whatever is asked over HTTP, the answer is a success or an error of AWS, and the world stays whole."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddbha import ManualClock, World
from ddbha.api.wire.model import SERVICES, service_model
from tests.api.wire.test_any_request import TABLE, requests
from tests.server.asking import AUTHORIZATION, call

#: Errors of the service models, and those that all services of AWS have.
CODES = {
    shape.name
    for service in SERVICES
    for shape in map(service_model(service).shape_for, service_model(service).shape_names)
    if shape.metadata.get("exception")
}
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
CODES |= {"ValidationException", "SerializationException", "AccessDeniedException"}

SILENT = {"TagResource", "UntagResource"}


def body(parameters: Any) -> bytes:
    return json.dumps(parameters, default=lambda blob: b64encode(blob).decode()).encode()


@given(st.lists(requests(), min_size=1, max_size=6))
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_any_request_is_answered_over_http(asked: list[tuple[str, str, Any]]) -> None:
    world = World(clock=ManualClock())
    assert call(world, "CreateTable", TABLE).status == 200
    for service, operation, parameters in asked:
        model = service_model(service)
        answer = call(
            world,
            f"{model.metadata['targetPrefix']}.{operation}",
            body(parameters),
            content_type=f"application/x-amz-json-{model.metadata['jsonVersion']}",
            authorization=AUTHORIZATION.replace("/dynamodb/", f"/{model.signing_name}/"),
        )
        if answer.status == 200:
            # TagResource and UntagResource have no output: nothing is sent.
            assert not answer.content if operation in SILENT else isinstance(answer.json, dict)
        else:
            assert answer.status == 400
            assert answer.json["__type"].partition("#")[2] in CODES
    world.clock.advance(seconds=3600)
    world.verify()
