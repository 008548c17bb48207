"""Shards of a stream under clocks that go wrong.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

import ddbha


def test_parents_come_before_their_children_though_a_clock_was_ahead() -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    skew = world.faults.clock_skew("us-east-1", seconds=5 * 3600)
    for key in "ab":
        client.put_item(TableName="tab", Item={"pk": {"S": key}})
    streams = world.client("dynamodbstreams", region_name="us-east-1")
    (listed,) = streams.list_streams()["Streams"]
    arn = listed["StreamArn"]
    streams.describe_stream(StreamArn=arn)
    skew.end()
    world.table("tab").partitions[0].split()
    seen: set[str | None] = {None}
    shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    for shard in shards:
        assert shard.get("ParentShardId") in seen
        seen.add(shard["ShardId"])
    assert len(shards) == 4
