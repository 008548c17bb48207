"""Regions and zones that do not exist are refused wherever one is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest

import ddbha
from ddbha.errors import UnknownPlaceError, UsageError
from ddbha.region.places import REGIONS


def test_the_regions_are_those_that_botocore_knows() -> None:
    session = boto3.Session()
    known = {
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("dynamodb", partition_name=partition)
    }
    # Older versions of botocore know fewer.
    assert known <= REGIONS


NAMING: list[Callable[[ddbha.World], Any]] = [
    lambda world: world.faults.region_outage("us-est-1"),
    lambda world: world.faults.network_cut("us-east-1", "us-est-1"),
    lambda world: world.faults.clock_skew("us-est-1", seconds=1),
    lambda world: world.faults.replication_lag("us-east-1", "us-est-1", seconds=1),
    lambda world: world.faults.zone_outage("us-est-1a"),
    lambda world: world.faults.zone_cut("us-est-1a", "us-est-1b"),
    lambda world: world.faults.follower_lag("us-est-1a", seconds=1),
    lambda world: world.client("dynamodb", region_name="us-est-1"),
    lambda world: world.resource("dynamodb", region_name="us-est-1"),
    lambda world: world.session(region_name="us-est-1").client("dynamodb"),
    lambda world: world.table("orders", region="us-est-1"),
]


@pytest.mark.parametrize("name", NAMING)
def test_a_typing_error_is_answered_with_what_is_near(name: Callable[[ddbha.World], Any]) -> None:
    with pytest.raises(UnknownPlaceError, match="Did you mean us-"):
        name(ddbha.World())


def test_under_mock_too() -> None:
    client = boto3.client(
        "dynamodb", region_name="us-est-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with ddbha.mock(), pytest.raises(UnknownPlaceError, match="us-east-1"):
        client.list_tables()


def test_others_are_known_if_a_world_is_told() -> None:
    world = ddbha.World(more_regions=["us-moon-1"])
    assert world.client("dynamodb", region_name="us-moon-1").list_tables()["TableNames"] == []
    world.faults.zone_outage("us-moon-1a").end()
    with pytest.raises(UsageError, match="no list of names"):
        ddbha.World(more_regions="us-moon-1")
