"""Global tables with replicas in several accounts.

Rules and policies: the pages V2globaltables_MA_HowItWorks, V2globaltables_MA.tutorial and
globaltables_MA_security of the developer guide.  Where no public record of AWS's message is known, only
the code and what the message is about are expected.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

import ddbha
from ddbha.errors import UsageError
from tests.building import index_on, keys, on_demand, vector, vector_index
from tests.installed import needs

pytestmark = needs("CreateTable.GlobalTableSourceArn")

#: Where each account has its replica.
HOME, AWAY, FAR = (
    ("111122223333", "us-east-2"),
    ("444455556666", "us-east-1"),
    ("123456789012", "eu-west-1"),
)
MODE = {"GlobalTableSettingsReplicationMode": "ENABLED"}
KEY = {"Artist": {"S": "item_1"}, "SongTitle": {"S": "Song Value 1"}}
ACTIONS = ("ReadDataForReplication", "WriteDataForReplication", "ReplicateSettings")


def arn(place: tuple[str, str], name: str = "MusicTable") -> str:
    account, region = place
    return f"arn:aws:dynamodb:{region}:{account}:table/{name}"


def policy(
    own: tuple[str, str], *all_: tuple[str, str], joining: Any = (), actions: Any = ACTIONS, **more: Any
) -> str:
    """As on the page of the tutorial."""
    statements: list[dict[str, Any]] = [
        {
            "Sid": "DynamoDBActionsNeededForSteadyStateReplication",
            "Effect": "Allow",
            "Action": [f"dynamodb:{action}" for action in actions],
            "Resource": arn(own),
            "Principal": {"Service": ["replication.dynamodb.amazonaws.com"]},
            "Condition": {
                "StringEquals": {
                    "aws:SourceAccount": [account for account, _ in all_],
                    "aws:SourceArn": [arn(place) for place in all_],
                }
            },
            **more,
        }
    ]
    if joining:
        statements.append(
            {
                "Sid": "AllowTrustedAccountsToJoinThisGlobalTable",
                "Effect": "Allow",
                "Action": ["dynamodb:AssociateTableReplica"],
                "Resource": arn(own),
                "Principal": {"AWS": [account for account, _ in joining]},
            }
        )
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def new_world(**options: Any) -> tuple[ddbha.World, Any, Any]:
    world = ddbha.World(clock=ddbha.ManualClock(), **options)
    return world, client_of(world, HOME), client_of(world, AWAY)


def client_of(world: ddbha.World, place: tuple[str, str], service: Any = "dynamodb") -> Any:
    return world.client(service, region_name=place[1], account_id=place[0])


def create(client: Any, text: str | None = None, **more: Any) -> None:
    text = policy(HOME, HOME, AWAY, joining=[AWAY]) if text is None else text
    table = {**on_demand("Artist", "SongTitle"), **MODE, "ResourcePolicy": text, **more}
    client.create_table(TableName="MusicTable", **{k: v for k, v in table.items() if v is not None})
    client.get_waiter("table_exists").wait(TableName="MusicTable")


def join(client: Any, text: str | None = None, source: tuple[str, str] = HOME, **more: Any) -> Any:
    request = {
        "TableName": "MusicTable",
        "GlobalTableSourceArn": arn(source),
        "ResourcePolicy": policy(AWAY, HOME, AWAY) if text is None else text,
        **MODE,
        **more,
    }
    return client.create_table(**{k: v for k, v in request.items() if v is not None})["TableDescription"]


def joined(**options: Any) -> tuple[ddbha.World, Any, Any]:
    world, home, away = new_world(**options)
    create(home)
    join(away)
    away.get_waiter("table_exists").wait(TableName="MusicTable")
    return world, home, away


def three(**options: Any) -> tuple[ddbha.World, Any, Any, Any]:
    """A third replica is made from the first one, and both others let it join."""
    world, home, away = new_world(**options)
    far = client_of(world, FAR)
    create(home, policy(HOME, HOME, AWAY, FAR, joining=[AWAY, FAR]))
    join(away, policy(AWAY, HOME, AWAY, FAR, joining=[FAR]))
    join(far, policy(FAR, HOME, AWAY, FAR))
    return world, home, away, far


def table(client: Any) -> dict[str, Any]:
    description: dict[str, Any] = client.describe_table(TableName="MusicTable")["Table"]
    return description


def statuses(client: Any) -> dict[str, str]:
    return {r["ReplicaArn"]: r["ReplicaStatus"] for r in table(client).get("Replicas", ())}


def put(client: Any, value: str) -> None:
    client.put_item(TableName="MusicTable", Item={**KEY, "value": {"S": value}})


def value(client: Any) -> str | None:
    item = client.get_item(TableName="MusicTable", Key=KEY).get("Item")
    return None if item is None else item["value"]["S"]


def refusal(call: Any, *args: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(*args, **request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


# -- The tutorial -----------------------------------------------------------------------------------


def test_two_accounts_share_a_table() -> None:
    world, home, away = new_world()
    create(home)
    put(home, "before")
    replica = join(away, Tags=[{"Key": "team", "Value": "blue"}], DeletionProtectionEnabled=True)
    assert replica["TableArn"] == arn(AWAY)
    assert (value(home), value(away)) == ("before", "before")
    put(away, "there")
    assert value(home) == "there"
    put(home, "here")
    assert value(away) == "here"
    for client, other in ((home, AWAY), (away, HOME)):
        described = table(client)
        assert described["GlobalTableVersion"] == "2019.11.21"
        assert described["GlobalTableSettingsReplicationMode"] == "ENABLED"
        assert described["Replicas"] == [
            {
                "RegionName": other[1],
                "ReplicaStatus": "ACTIVE",
                "ReplicaArn": arn(other),
                "GlobalTableSettingsReplicationMode": "ENABLED",
            }
        ]
    assert away.list_tags_of_resource(ResourceArn=arn(AWAY))["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert [table(client)["DeletionProtectionEnabled"] for client in (home, away)] == [False, True]
    assert client_of(world, AWAY).get_resource_policy(ResourceArn=arn(AWAY))["Policy"]
    world.verify()


def test_the_last_writer_wins_over_accounts() -> None:
    world, home, away = joined()
    with world.faults.network_cut(HOME[1], AWAY[1]):
        put(home, "first")
        world.clock.advance(seconds=1)
        put(away, "second")
        assert (value(home), value(away)) == ("first", "second")
        assert "pending to us-east-1" in str(world)
    assert value(home) == value(away) == "second"
    conflicts = world.events.of("write-conflict-resolved")
    assert {conflict.details["winner"] for conflict in conflicts} == {AWAY[1]}
    world.verify()


def test_a_replica_takes_its_time() -> None:
    _world, home, away = new_world(timings=ddbha.Timings.aws())
    create(home)
    put(home, "before")
    assert join(away)["TableStatus"] == "CREATING"
    assert table(home)["TableStatus"] == "UPDATING"
    assert statuses(home) == {arn(AWAY): "CREATING"}
    put(home, "meanwhile")
    away.get_waiter("table_exists").wait(TableName="MusicTable", WaiterConfig={"MaxAttempts": 100})
    assert table(home)["TableStatus"] == "ACTIVE"
    assert value(away) == "meanwhile"


def test_three_accounts() -> None:
    world, home, away, far = three()
    for number, client in enumerate((home, away, far)):
        put(client, str(number))
        assert [value(each) for each in (home, away, far)] == [str(number)] * 3
    assert statuses(far) == {arn(HOME): "ACTIVE", arn(AWAY): "ACTIVE"}
    world.verify()


def test_a_world_of_such_tables_is_saved(tmp_path: Any) -> None:
    world, home, _ = joined()
    put(home, "kept")
    world.save(tmp_path / "world")
    loaded = ddbha.World.load(tmp_path / "world")
    home, away = client_of(loaded, HOME), client_of(loaded, AWAY)
    put(away, "later")
    assert value(home) == "later"
    assert statuses(home) == {arn(AWAY): "ACTIVE"}
    away.delete_resource_policy(ResourceArn=arn(AWAY))
    assert statuses(home) == {arn(AWAY): "REPLICATION_NOT_AUTHORIZED"}
    with pytest.raises(UsageError, match="REPLICATION_NOT_AUTHORIZED"):
        loaded.save(tmp_path / "other")


# -- Policies ---------------------------------------------------------------------------------------


def test_without_policies_replication_stays_within_an_account() -> None:
    _, home, away = new_world()
    not_allowed = (
        "AccessDeniedException",
        f"User: arn:aws:iam::{AWAY[0]}:root is not authorized to perform: dynamodb:AssociateTableReplica "
        f"on resource: {arn(HOME)} because no resource-based policy allows the "
        "dynamodb:AssociateTableReplica action",
    )
    # Nobody learns whether there is a table.
    assert refusal(join, away) == not_allowed
    create(home, policy(HOME, HOME, AWAY))
    assert refusal(join, away) == not_allowed
    document = json.loads(policy(HOME, HOME, AWAY, joining=[AWAY]))
    document["Statement"].append({**document["Statement"][1], "Sid": "ButNotNow", "Effect": "Deny"})
    home.put_resource_policy(ResourceArn=arn(HOME), Policy=json.dumps(document))
    assert refusal(join, away)[1].endswith("with an explicit deny in a resource-based policy")
    assert away.list_tables()["TableNames"] == []
    assert "Replicas" not in table(home)


@pytest.mark.parametrize(
    ("source", "own"),
    [
        (policy(HOME, HOME, AWAY, joining=[AWAY]), None),
        (policy(HOME, HOME, AWAY, joining=[AWAY]), policy(AWAY, HOME)),
        (policy(HOME, HOME, AWAY, joining=[AWAY]), policy(AWAY, HOME, AWAY, actions=ACTIONS[:2])),
        (policy(HOME, HOME, AWAY, joining=[AWAY]), policy(AWAY, HOME, AWAY, actions=ACTIONS[1:])),
        (policy(HOME, HOME, AWAY, joining=[AWAY]), policy(AWAY, HOME, AWAY, Effect="Deny")),
        (policy(HOME, AWAY, joining=[AWAY]), policy(AWAY, HOME, AWAY)),
        (
            policy(HOME, HOME, AWAY, joining=[AWAY]),
            policy(AWAY, HOME, AWAY, Principal={"AWS": "arn:aws:iam::444455556666:root"}),
        ),
    ],
)
def test_every_replica_allows_every_action_for_all_of_them(source: str, own: str | None) -> None:
    _, home, away = new_world()
    create(home, source)
    request = {"TableName": "MusicTable", "GlobalTableSourceArn": arn(HOME), **MODE}
    more = {} if own is None else {"ResourcePolicy": own}
    code, message = refusal(away.create_table, **request, **more)
    assert code == "AccessDeniedException"
    assert message.startswith("User: replication.dynamodb.amazonaws.com is not authorized to perform: ")
    assert away.list_tables()["TableNames"] == []
    assert "Replicas" not in table(home)


def test_a_third_account_is_let_in_by_both() -> None:
    world, home, away = new_world()
    far = client_of(world, FAR)
    create(home, policy(HOME, HOME, AWAY, FAR, joining=[AWAY, FAR]))
    join(away, policy(AWAY, HOME, AWAY))
    own = policy(FAR, HOME, AWAY, FAR)
    assert f"AssociateTableReplica on resource: {arn(AWAY)}" in refusal(join, far, own)[1]
    away.put_resource_policy(ResourceArn=arn(AWAY), Policy=policy(AWAY, HOME, AWAY, joining=[FAR]))
    assert f"aws:SourceArn {arn(FAR)}" in refusal(join, far, own)[1]
    world.clock.advance(minutes=1)
    allowed = policy(AWAY, HOME, AWAY, FAR, joining=[FAR])
    away.put_resource_policy(ResourceArn=arn(AWAY), Policy=allowed)
    # Any of the replicas is a source.
    join(far, own, source=AWAY)
    put(far, "there")
    assert value(home) == value(away) == "there"


@needs("StartBulkPutItems")
def test_nobody_joins_during_a_bulk_operation() -> None:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.Considerations.html
    world, home, away = new_world()
    create(home)
    line = json.dumps({"Item": {**KEY, "value": {"S": "x" * 300_000}}}) + "\n"
    world.objects["songs"]["1.json"] = (line * 6).encode()
    home.start_bulk_put_items(
        TableName="MusicTable",
        InputS3Configuration={"S3Bucket": "songs", "InputFormat": "DYNAMODB_JSON"},
        OutputS3Configuration={"S3Bucket": "songs", "S3KeyPrefix": "out", "OutputType": ["ERROR"]},
        MaxWriteRequestUnits=1024,
    )
    assert refusal(join, away)[0] == "ResourceInUseException"
    assert statuses(home) == {}
    world.clock.advance(seconds=10)
    join(away)
    assert value(away) == "x" * 300_000
    world.verify()


def test_accounts_alone_may_be_told_as_the_cdk_does() -> None:
    def of_accounts(own: tuple[str, str], *joining: tuple[str, str]) -> str:
        document = json.loads(policy(own, HOME, AWAY, joining=joining))
        del document["Statement"][0]["Condition"]["StringEquals"]["aws:SourceArn"]
        for statement in document["Statement"]:
            statement["Resource"] = "*"
        return json.dumps(document)

    _, home, away = new_world()
    create(home, of_accounts(HOME, AWAY))
    join(away, of_accounts(AWAY))
    put(home, "here")
    assert value(away) == "here"


def test_a_policy_that_is_taken_away_stops_replication_until_it_is_back() -> None:
    world, home, away = joined()
    put(home, "both")
    world.clock.advance(minutes=1)
    away.delete_resource_policy(ResourceArn=arn(AWAY))
    assert statuses(home) == {arn(AWAY): "REPLICATION_NOT_AUTHORIZED"}
    assert table(away)["TableStatus"] == "REPLICATION_NOT_AUTHORIZED"
    assert statuses(away) == {arn(HOME): "ACTIVE"}
    put(home, "here")
    world.clock.advance(seconds=1)
    put(away, "there")
    assert (value(home), value(away)) == ("here", "there")
    world.clock.advance(hours=19)
    away.put_resource_policy(ResourceArn=arn(AWAY), Policy=policy(AWAY, HOME, AWAY))
    assert (value(home), value(away)) == ("there", "there")
    assert statuses(home) == {arn(AWAY): "ACTIVE"}
    assert table(away)["TableStatus"] == "ACTIVE"
    world.clock.advance(hours=19)
    assert statuses(home) == {arn(AWAY): "ACTIVE"}
    world.verify()


def test_without_a_policy_for_twenty_hours_the_replica_is_on_its_own() -> None:
    world, home, away, far = three()
    put(home, "all")
    world.clock.advance(minutes=1)
    denied = policy(AWAY, HOME, AWAY, FAR, Effect="Deny", actions=ACTIONS[:2])
    away.put_resource_policy(ResourceArn=arn(AWAY), Policy=denied)
    put(home, "two")
    world.clock.advance(hours=20)
    assert [value(client) for client in (home, away, far)] == ["two", "all", "two"]
    assert "Replicas" not in table(away)
    assert table(away)["TableStatus"] == "ACTIVE"
    assert statuses(home) == {arn(FAR): "ACTIVE"}
    assert world.events.of("replica-given-up")[0].details["status"] == "REPLICATION_NOT_AUTHORIZED"
    allowed = policy(AWAY, HOME, AWAY, FAR)
    away.put_resource_policy(ResourceArn=arn(AWAY), Policy=allowed)
    put(home, "still two")
    assert value(away) == "all"
    world.verify()


def test_a_policy_says_nothing_of_an_account_that_has_left() -> None:
    world, home, away, far = three()
    world.clock.advance(minutes=1)
    away.put_resource_policy(ResourceArn=arn(AWAY), Policy=policy(AWAY, HOME, AWAY))
    assert statuses(home)[arn(AWAY)] == "REPLICATION_NOT_AUTHORIZED"
    put(home, "waits")
    assert (value(away), value(far)) == (None, "waits")
    far.delete_table(TableName="MusicTable")
    assert statuses(home) == {arn(AWAY): "ACTIVE"}
    assert value(away) == "waits"
    world.verify()


@pytest.mark.parametrize("lag", [0, 40])
def test_what_was_held_back_arrives_in_order_of_time(lag: float) -> None:
    world, home, away = joined()
    allowed = policy(AWAY, HOME, AWAY)
    with world.faults.replication_lag(HOME[1], AWAY[1], seconds=lag):
        for number in range(6):
            world.clock.advance(seconds=20)
            if number % 2:
                away.put_resource_policy(ResourceArn=arn(AWAY), Policy=allowed)
            else:
                away.delete_resource_policy(ResourceArn=arn(AWAY))
            for client, name in ((home, "home"), (away, "away")):
                put(client, f"{name} {number}")
                item = {**KEY, "SongTitle": {"S": f"{name} {number}"}}
                client.put_item(TableName="MusicTable", Item=item)
                world.clock.advance(seconds=3)
            for place in (HOME, AWAY):
                owned = world.table("MusicTable", region=place[1], account_id=place[0])
                for partition in owned.partitions:
                    log = partition.leader.log
                    times = [record.time for record in log.after(log.dropped_sequence)]
                    assert times == sorted(times)
            world.verify()
        world.clock.advance(seconds=lag)
    assert value(home) == value(away) == "away 5"
    for client in (home, away):
        assert client.scan(TableName="MusicTable")["Count"] == 13
    world.verify()


STEPS = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 2), st.integers(0, 3)),
    st.tuples(st.just("delete"), st.integers(0, 2), st.integers(0, 3)),
    st.tuples(st.sampled_from(["allow", "forbid", "cut"]), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("wait"), st.just(0), st.sampled_from([1, 30, 3600])),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_replicas_are_equal_whatever_policies_and_networks_did(steps: list[tuple[str, int, int]]) -> None:
    world, *clients = three(timings=ddbha.Timings.instant())
    places = (HOME, AWAY, FAR)
    cuts: list[Any] = []

    def change(number: int, **more: Any) -> None:
        text = policy(places[number], *places, **more)
        clients[number].put_resource_policy(ResourceArn=arn(places[number]), Policy=text)

    for count, (what, place, number) in enumerate(steps):
        key = {"Artist": {"S": str(number)}, "SongTitle": {"S": "x"}}
        if what == "put":
            clients[place].put_item(TableName="MusicTable", Item={**key, "n": {"N": str(count)}})
        elif what == "delete":
            clients[place].delete_item(TableName="MusicTable", Key=key)
        elif what == "wait":
            world.clock.advance(seconds=number)
        elif what == "cut":
            cuts.append(world.faults.network_cut(places[place][1], places[place - 1][1]))
        else:
            change(place, actions=ACTIONS if what == "allow" else ACTIONS[1:])
        world.verify()
        if count % 7 == 6:
            # Nobody is given up.
            for each in range(3):
                change(each)
    for each in range(3):
        change(each)
    for cut in cuts:
        cut.end()
    first, *others = [
        sorted(map(str, client.scan(TableName="MusicTable")["Items"])) for client in clients
    ]
    assert others == [first, first]
    world.verify()


# -- Settings ---------------------------------------------------------------------------------------


def test_the_replica_has_the_settings_that_all_have_in_common() -> None:
    _world, home, away = new_world()
    create(
        home,
        AttributeDefinitions=keys("Artist", "SongTitle", more=["day"])["AttributeDefinitions"],
        LocalSecondaryIndexes=[index_on("by-day", "Artist", "day")],
        GlobalSecondaryIndexes=[index_on("of-day", "day")],
        OnDemandThroughput={"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20},
        WarmThroughput={"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 5_000},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        TableClass="STANDARD_INFREQUENT_ACCESS",
        DeletionProtectionEnabled=True,
        Tags=[{"Key": "team", "Value": "blue"}],
    )
    ttl = {"Enabled": True, "AttributeName": "until"}
    home.update_time_to_live(TableName="MusicTable", TimeToLiveSpecification=ttl)
    join(away)
    there, here = table(away), table(home)
    for shared in (
        "KeySchema",
        "OnDemandThroughput",
        "WarmThroughput",
        "StreamSpecification",
    ):
        assert there[shared] == here[shared]
    assert there["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert [index["IndexName"] for index in there["LocalSecondaryIndexes"]] == ["by-day"]
    assert [index["IndexName"] for index in there["GlobalSecondaryIndexes"]] == ["of-day"]
    expiry = away.describe_time_to_live(TableName="MusicTable")["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
    assert "TableClassSummary" not in there
    assert not there["DeletionProtectionEnabled"]
    assert away.list_tags_of_resource(ResourceArn=arn(AWAY))["Tags"] == []


def test_shared_settings_follow_from_either_account() -> None:
    _world, home, away = joined()
    away.update_table(
        TableName="MusicTable",
        AttributeDefinitions=[{"AttributeName": "day", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index_on("of-day", "day")}],
    )
    assert [index["IndexName"] for index in table(home)["GlobalSecondaryIndexes"]] == ["of-day"]
    home.update_table(TableName="MusicTable", OnDemandThroughput={"MaxReadRequestUnits": 7})
    assert table(away)["OnDemandThroughput"] == {"MaxReadRequestUnits": 7}
    ttl = {"Enabled": True, "AttributeName": "until"}
    away.update_time_to_live(TableName="MusicTable", TimeToLiveSpecification=ttl)
    expiry = home.describe_time_to_live(TableName="MusicTable")["TimeToLiveDescription"]
    assert expiry["AttributeName"] == "until"
    # These are for each replica itself.
    own = "alias/music"
    home.update_table(TableName="MusicTable", TableClass="STANDARD_INFREQUENT_ACCESS")
    home.update_table(TableName="MusicTable", DeletionProtectionEnabled=True)
    home.update_table(
        TableName="MusicTable",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": own},
    )
    described = table(away)
    assert not described["DeletionProtectionEnabled"]
    assert not {"TableClassSummary", "SSEDescription"} & described.keys()
    assert table(home)["SSEDescription"]["KMSMasterKeyArn"].endswith(f"{HOME[0]}:{own}")
    with pytest.raises(ClientError, match="Disabling Stream is not allowed for a Global Table replica"):
        away.update_table(TableName="MusicTable", StreamSpecification={"StreamEnabled": False})


def test_vectors_are_searched_in_both_accounts() -> None:
    _, home, away = new_world()
    create(home, VectorIndexes=[vector_index("by-sound", 2)])
    join(away)
    home.put_item(TableName="MusicTable", Item={**KEY, "embedding": vector(1, 0)})
    found = away.search_vectors(
        TableName="MusicTable", IndexName="by-sound", SearchVector=vector(1, 0)["L"], TopK=1
    )
    assert len(found["SearchResults"]) == 1


def test_a_provisioned_table_is_auto_scaled_in_both_accounts() -> None:
    world, home, away = new_world()
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    create(home, BillingMode=None, ProvisionedThroughput=units)
    code, message = refusal(join, away)
    assert (code, message) == (
        "ValidationException",
        "Table write capacity should either be Pay-Per-Request or AutoScaled.",
    )
    scaling: Any = client_of(world, HOME, "application-autoscaling")
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/MusicTable",
        "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
    }
    scaling.register_scalable_target(**target, MinCapacity=5, MaxCapacity=50)
    scaling.put_scaling_policy(
        **target,
        PolicyName="policy",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"},
            "TargetValue": 50.0,
        },
    )
    join(away)
    there: Any = client_of(world, AWAY, "application-autoscaling")
    (found,) = there.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert (found["MinCapacity"], found["MaxCapacity"]) == (5, 50)
    assert f":{AWAY[0]}:" in found["RoleARN"]
    away.update_table(
        TableName="MusicTable",
        ProvisionedThroughput={"ReadCapacityUnits": 6, "WriteCapacityUnits": 7},
    )
    shown = table(home)["ProvisionedThroughput"]
    assert (shown["ReadCapacityUnits"], shown["WriteCapacityUnits"]) == (6, 7)


def test_settings_that_a_policy_does_not_let_through_are_refused_everywhere() -> None:
    world, home, away = joined()
    world.clock.advance(minutes=1)
    away.put_resource_policy(ResourceArn=arn(AWAY), Policy=policy(AWAY, HOME, AWAY, actions=ACTIONS[:2]))
    ttl = {"Enabled": True, "AttributeName": "until"}
    for client in (home, away):
        for call, request in (
            (client.update_table, {"OnDemandThroughput": {"MaxReadRequestUnits": 7}}),
            (client.update_time_to_live, {"TimeToLiveSpecification": ttl}),
        ):
            code, message = refusal(call, TableName="MusicTable", **request)
            assert code == "AccessDeniedException"
            assert f"dynamodb:ReplicateSettings on resource: {arn(AWAY)}" in message
    put(home, "data goes on")
    assert value(away) == "data goes on"


def test_nothing_of_another_account_is_changed_from_here() -> None:
    _, home, _ = joined()
    for action in (
        {"Create": {"RegionName": "eu-west-1"}},
        {"Update": {"RegionName": AWAY[1], "TableClassOverride": "STANDARD_INFREQUENT_ACCESS"}},
        {"Delete": {"RegionName": AWAY[1]}},
    ):
        code, message = refusal(home.update_table, TableName="MusicTable", ReplicaUpdates=[action])
        assert code == "ValidationException"
        assert "multi-account global table" in message
    code, message = refusal(home.update_table, TableName="MusicTable", **MODE)
    assert (code, "Regional Table" in message) == ("ValidationException", True)


# -- Leaving ----------------------------------------------------------------------------------------


def test_a_replica_is_deleted_in_its_own_account() -> None:
    world, home, away = joined()
    put(home, "both")
    # It was the source of another replica within a day.
    code, message = refusal(home.delete_table, TableName="MusicTable")
    assert (code, "acted as a source region" in message) == ("ValidationException", True)
    with world.faults.replication_lag(HOME[1], AWAY[1], seconds=5):
        put(away, "last")
        away.delete_table(TableName="MusicTable")
        world.clock.advance(minutes=2)
    assert value(home) == "last"
    assert away.list_tables()["TableNames"] == []
    described = table(home)
    assert "Replicas" not in described
    assert described["GlobalTableSettingsReplicationMode"] == "ENABLED"
    join(away)
    assert value(away) == "last"


def test_moving_a_table_to_another_account() -> None:
    """The steps of the announcement: a replica, a day, and the first table is deleted."""
    world, home, away = joined()
    put(home, "moved")
    world.clock.advance(hours=24)
    home.delete_table(TableName="MusicTable")
    assert value(away) == "moved"
    assert home.list_tables()["TableNames"] == []
    away.update_table(TableName="MusicTable", ReplicaUpdates=[{"Create": {"RegionName": HOME[1]}}])
    assert value(client_of(world, (AWAY[0], HOME[1]))) == "moved"
    assert table(away)["GlobalTableSettingsReplicationMode"] == "ENABLED_WITH_OVERRIDES"
    assert "GlobalTableSettingsReplicationMode" not in client_of(world, FAR).list_tables()


@needs("UpdateTable.ReplicaUpdates.Disassociate")
def test_a_replica_is_disassociated_where_it_is() -> None:
    _world, home, away, far = three()
    put(home, "all")

    def disassociate(client: Any, region: str) -> None:
        action = {"RegionName": region, "DisassociationMode": "WAIT_FOR_REPLICATION"}
        client.update_table(TableName="MusicTable", ReplicaUpdates=[{"Disassociate": action}])

    assert table(far)["DisassociationProtectionEnabled"]
    code, message = refusal(disassociate, far, FAR[1])
    assert (code, "protected against disassociation" in message) == ("ValidationException", True)
    far.update_table(TableName="MusicTable", DisassociationProtectionEnabled=False)
    disassociate(far, FAR[1])
    assert "Replicas" not in table(far)
    assert statuses(home) == {arn(AWAY): "ACTIVE"}
    put(home, "two")
    assert [value(client) for client in (home, away, far)] == ["two", "two", "all"]


@needs("UpdateTable.ReplicaUpdates.Disassociate")
def test_a_replica_that_may_not_replicate_stays_one() -> None:
    """As UpdateTable's documentation says: ACTIVE again, and still with replicas."""
    world, home, away = joined()
    away.update_table(TableName="MusicTable", DisassociationProtectionEnabled=False)
    world.clock.advance(minutes=1)
    away.delete_resource_policy(ResourceArn=arn(AWAY))
    put(home, "not there")
    action = {"RegionName": AWAY[1], "DisassociationMode": "WAIT_FOR_REPLICATION"}
    away.update_table(TableName="MusicTable", ReplicaUpdates=[{"Disassociate": action}])
    assert statuses(away) == {arn(HOME): "ACTIVE"}
    away.put_resource_policy(ResourceArn=arn(AWAY), Policy=policy(AWAY, HOME, AWAY))
    away.update_table(TableName="MusicTable", ReplicaUpdates=[{"Disassociate": action}])
    assert statuses(away) == statuses(home) == {}
    assert value(away) == "not there"


# -- Bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "code", "about"),
    [
        ({"GlobalTableSettingsReplicationMode": None}, "ValidationException", "must be ENABLED"),
        ({"GlobalTableSettingsReplicationMode": "DISABLED"}, "ValidationException", "must be ENABLED"),
        (
            {"GlobalTableSettingsReplicationMode": "SOMETIMES"},
            "ValidationException",
            "Member must satisfy enum value set",
        ),
        ({"GlobalTableSourceArn": "MusicTable"}, "ValidationException", "Invalid table ARN"),
        ({"GlobalTableSourceArn": f"{arn(HOME)}/index/a"}, "ValidationException", "Invalid table ARN"),
        ({"GlobalTableSourceArn": "a" * 1025}, "ValidationException", "less than or equal to 1024"),
        ({"GlobalTableSourceArn": arn(HOME, "Other")}, "ValidationException", "same table name"),
        ({"BillingMode": "PAY_PER_REQUEST"}, "ValidationException", "BillingMode cannot be specified"),
        (keys("Artist"), "ValidationException", "AttributeDefinitions cannot be specified"),
        (
            {"SSESpecification": {"Enabled": True}},
            "ValidationException",
            "do not support AWS managed keys",
        ),
        ({"ResourcePolicy": "{"}, "ValidationException", "invalid Json"),
        (
            {"TableName": "Taken", "GlobalTableSourceArn": arn(HOME, "Taken")},
            "ResourceInUseException",
            "",
        ),
    ],
)
def test_requests_that_make_no_replica(more: dict[str, Any], code: str, about: str) -> None:
    _, home, away = new_world()
    create(home)
    away.create_table(TableName="Taken", **on_demand("pk"))
    found, message = refusal(join, away, **more)
    assert (found, about in message) == (code, True), message
    assert away.list_tables()["TableNames"] == ["Taken"]
    assert (table(home)["TableStatus"], "Replicas" in table(home)) == ("ACTIVE", False)


def test_tables_that_are_no_source() -> None:
    world, home, away = new_world()
    create(home, GlobalTableSettingsReplicationMode=None)
    assert "must be ENABLED" in refusal(join, away)[1]
    home.update_table(TableName="MusicTable", **MODE)
    # A replica in the same account or region.
    own = client_of(world, (HOME[0], AWAY[1]))
    near = client_of(world, (AWAY[0], HOME[1]))
    both = policy(HOME, HOME, AWAY, (HOME[0], AWAY[1]), (AWAY[0], HOME[1]), joining=[HOME, AWAY])
    world.clock.advance(minutes=1)
    home.put_resource_policy(ResourceArn=arn(HOME), Policy=both)
    for client, place, about in (
        (own, (HOME[0], AWAY[1]), "separate account"),
        (near, (AWAY[0], HOME[1]), "separate Region"),
    ):
        code, message = refusal(join, client, policy(place, HOME, place))
        assert (code, about in message) == ("ValidationException", True)
    # A global table within one account.
    home.update_table(TableName="MusicTable", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    code, message = refusal(join, away)
    assert (code, "within one account" in message) == ("ValidationException", True)


def test_a_source_that_is_out_of_reach_makes_no_replica() -> None:
    world, home, away = new_world()
    create(home)
    with world.faults.network_cut(HOME[1], AWAY[1]):
        assert refusal(join, away)[0] == "InternalServerError"
    assert away.list_tables()["TableNames"] == []
    join(away)
    with world.faults.network_cut(HOME[1], AWAY[1]):
        put(home, "here")
        home.update_table(TableName="MusicTable", OnDemandThroughput={"MaxReadRequestUnits": 7})
        assert "OnDemandThroughput" not in table(away)
    assert table(away)["OnDemandThroughput"] == {"MaxReadRequestUnits": 7}
    assert value(away) == "here"
