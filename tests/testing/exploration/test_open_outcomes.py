"""In trials a write that is answered with 500 during a failover may have been done."""

from __future__ import annotations

from typing import Any

import pytest

import ddbha
from ddbha.testing.exploration import FailingSchedule
from tests.building import on_demand


def counted(trial: Any) -> None:
    """Counts once, and leaves it to boto3 to try again."""
    client = trial.world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="tab", **on_demand("id"))

    def count() -> None:
        # Patient enough for a leader's lease.
        while True:
            try:
                client.update_item(
                    TableName="tab",
                    Key={"id": {"S": "visits"}},
                    UpdateExpression="ADD n :one",
                    ExpressionAttributeValues={":one": {"N": "1"}},
                )
            except client.exceptions.InternalServerError:
                continue
            return

    trial.client("visitor", count)
    trial.run()
    item = client.get_item(TableName="tab", Key={"id": {"S": "visits"}}, ConsistentRead=True)["Item"]
    assert item["n"] == {"N": "1"}, "it counted twice"


def test_a_retry_after_a_500_may_count_twice() -> None:
    with pytest.raises(FailingSchedule, match=r"zone .* goes down"):
        ddbha.explore(counted, seeds=range(60), faults=("zone_outages",), leader_lease=1.5)


def test_unless_such_writes_are_always_undone() -> None:
    ddbha.explore(
        counted, seeds=range(60), faults=("zone_outages",), leader_lease=1.5, open_outcomes=False
    )
