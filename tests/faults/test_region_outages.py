"""What clients of a region that is lost meet: refused connections, timeouts, or errors."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

import ddbha
from ddbha.errors import UsageError

ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=7)


@pytest.mark.parametrize(
    ("shows", "error", "seconds"),
    [
        ("refused", EndpointConnectionError, 0),
        ("timeouts", ConnectTimeoutError, 7),
        ("errors", ClientError, 0),
    ],
)
def test_an_outage_shows_as_asked_and_ends(shows: Any, error: type[Exception], seconds: float) -> None:
    world = ddbha.World(clock=ddbha.ManualClock("2026-01-01T00:00:00Z"), history=True)
    client: Any = world.client("dynamodb", region_name="us-east-1", config=ONCE)
    began = world.clock.time()
    with world.faults.region_outage("us-east-1", shows=shows):
        with pytest.raises(error) as caught:
            client.list_tables()
        assert world.client("dynamodb", region_name="eu-west-1").list_tables()["TableNames"] == []
    if isinstance(caught.value, ClientError):
        assert caught.value.response["Error"]["Code"] == "InternalServerError"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert world.clock.time() - began == seconds
    assert client.list_tables()["TableNames"] == []


def test_of_several_outages_the_hardest_shows() -> None:
    world = ddbha.World(clock=ddbha.ManualClock("2026-01-01T00:00:00Z"))
    client: Any = world.client("dynamodb", region_name="us-east-1", config=ONCE)
    with world.faults.region_outage("us-east-1", shows="errors"):
        with (
            world.faults.region_outage("us-east-1"),
            pytest.raises(EndpointConnectionError),
        ):
            client.list_tables()
        with pytest.raises(ClientError):
            client.list_tables()


def test_other_shows_are_refused_before_anything_begins() -> None:
    world = ddbha.World()
    wrong: Any = "fog"
    with pytest.raises(UsageError, match="refused, timeouts, errors"):
        world.faults.region_outage("us-east-1", shows=wrong)
    assert world.faults.active == []
