"""Nothing that a request says is passed over in silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ddbha.api.registry import implemented
from ddbha.api.wire.model import input_shape
from tests.api.more_requests import Requests, sequences
from tests.api.watched_requests import paths, watch
from tests.server.asking import AUTHORIZATION, Answer, call
from tests.server.valid_requests import Prepared

#: Where a request is refused for what it has there; tests of those operations see that it is.
REFUSED = (
    # The first version of global tables, of which there are none.
    "CreateGlobalTable",
    "DescribeGlobalTable",
    "ListGlobalTables",
    "UpdateGlobalTable",
    "DisableKinesisStreamingDestination.EnableKinesisStreamingConfiguration",
    "PutScalingPolicy.PredictiveScalingPolicyConfiguration",
    "PutScalingPolicy.StepScalingPolicyConfiguration",
    "PutScalingPolicy.TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification",
)
#: What makes no difference, on AWS neither.
WITHOUT_EFFECT = {
    # DynamoDB is scaled by the role that is linked to the service.
    "RegisterScalableTarget.RoleARN",
    # Every activity that there is has scaled something.
    "DescribeScalingActivities.IncludeNotScaledActivities",
    # There is one mode.
    "UpdateTable.ReplicaUpdates.Disassociate.DisassociationMode",
}
#: The headers of requests to the other service.
OF_SCALING = {
    "content-type": "application/x-amz-json-1.1",
    "authorization": AUTHORIZATION.replace("/dynamodb/", "/application-autoscaling/"),
}


def answers() -> Iterator[tuple[str, Answer]]:
    """The answers to requests that have every member somewhere, from worlds that can give them."""
    first = Prepared()
    prepared, count = first, len(requests_of(first))
    for place in range(count):
        found = list(asked_in(prepared, place))
        if any(answer.status != 200 for _, answer in found):
            # What was asked before is in the way.
            prepared = Prepared()
            found = list(asked_in(prepared, place))
        yield from found


def requests_of(prepared: Prepared) -> list[Requests]:
    return [[one] for one in prepared.requests()] + sequences(prepared)


def asked_in(prepared: Prepared, place: int) -> Iterator[tuple[str, Answer]]:
    for number, (operation, request) in enumerate(requests_of(prepared)[place]):
        if number:
            prepared.world.clock.advance(hours=1)
        yield operation, perform(prepared, operation, request)


def perform(prepared: Prepared, operation: str, request: dict[str, Any]) -> Answer:
    more = OF_SCALING if operation.startswith("AnyScale") else {}
    return call(prepared.world, operation, request, **more)


def test_every_member_is_read_or_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    operations = implemented()
    read = watch(monkeypatch)
    failed = [
        (operation, answer.json)
        for operation, answer in answers()
        if answer.status != 200 and not operation.startswith(REFUSED)
    ]
    assert not failed
    unread = [
        path
        for (service, operation), lacks in operations.items()
        for path in paths(input_shape(service, operation), operation)
        if path not in read
        and path not in WITHOUT_EFFECT
        and path.split(".")[1] not in lacks
        and not path.startswith(REFUSED)
    ]
    assert unread == []
