"""GlobalTableSettingsReplicationMode of ordinary tables and of global tables within an account.

Sources: the service model, and what AWS answered in October 2026, which ack-api-quirks has as
DDB-TABLE-048, -231 and -320.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import on_demand
from tests.installed import needs

pytestmark = needs("UpdateTable.GlobalTableSettingsReplicationMode")
MODE = "GlobalTableSettingsReplicationMode"


def mode(client: Any) -> str | None:
    shown: str | None = client.describe_table(TableName="orders")["Table"].get(MODE)
    return shown


def new_client(**members: Any) -> Any:
    client: Any = ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws()).client("dynamodb")
    client.create_table(TableName="orders", **on_demand("pk"), **members)
    client.get_waiter("table_exists").wait(TableName="orders")
    return client


def test_an_ordinary_table_is_set_at_once_and_again() -> None:
    client = new_client()
    assert mode(client) is None
    for wanted in ("ENABLED", "ENABLED", "DISABLED", "DISABLED"):
        changed = client.update_table(TableName="orders", **{MODE: wanted})["TableDescription"]
        assert (changed["TableStatus"], changed[MODE]) == ("ACTIVE", wanted)
        assert mode(client) == wanted
    assert mode(new_client(**{MODE: "ENABLED"})) == "ENABLED"


def test_overrides_are_not_for_an_ordinary_table() -> None:
    client = new_client()
    message = (
        "Value 'ENABLED_WITH_OVERRIDES' at 'GlobalTableSettingsReplicationMode' failed to satisfy "
        "constraint: Only ENABLED and DISABLED settings replication are supported for a Regional Table."
    )
    with pytest.raises(ClientError, match=message):
        client.update_table(TableName="orders", **{MODE: "ENABLED_WITH_OVERRIDES"})
    with pytest.raises(ClientError, match=message):
        client.create_table(TableName="more", **on_demand("pk"), **{MODE: "ENABLED_WITH_OVERRIDES"})
    with pytest.raises(ClientError, match="enum value set"):
        client.update_table(TableName="orders", **{MODE: "SOMETIMES"})
    assert mode(client) is None


@pytest.mark.parametrize("consistency", ["EVENTUAL", "STRONG"])
def test_replicas_of_one_account_may_have_settings_of_their_own(consistency: str) -> None:
    world = ddbha.World()
    client: Any = world.client("dynamodb")
    client.create_table(TableName="orders", **on_demand("pk"), **{MODE: "ENABLED"})
    names = ["us-east-2", "us-west-2"][: 1 if consistency == "EVENTUAL" else 2]
    client.update_table(
        TableName="orders",
        ReplicaUpdates=[{"Create": {"RegionName": name}} for name in names],
        MultiRegionConsistency=consistency,
    )
    for region, count in (("us-east-1", len(names)), ("us-east-2", len(names))):
        there: Any = world.client("dynamodb", region_name=region)
        described = there.describe_table(TableName="orders")["Table"]
        assert described[MODE] == "ENABLED_WITH_OVERRIDES"
        assert [replica[MODE] for replica in described["Replicas"]] == ["ENABLED_WITH_OVERRIDES"] * count
        assert not any("ReplicaArn" in replica for replica in described["Replicas"])
        with pytest.raises(ClientError, match="can only be updated on a Regional Table"):
            there.update_table(TableName="orders", **{MODE: "ENABLED"})
    client.update_table(
        TableName="orders", ReplicaUpdates=[{"Delete": {"RegionName": name}} for name in names]
    )
    assert mode(client) is None
