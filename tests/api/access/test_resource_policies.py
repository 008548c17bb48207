"""Resource-based policies, and what they let other accounts do.

Rules: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html
Messages: answers of the service that public test suites and bug reports of other projects recorded.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

import ddbha
from ddbha.api import registry
from ddbha.api.access.policies import Access, Policy
from tests.building import index_on, on_demand
from tests.server import asking
from tests.server.valid_requests import Prepared

OWNER, OTHER, THIRD = "123456789012", "210987654321", "999999999999"
ARN = f"arn:aws:dynamodb:us-east-1:{OWNER}:table/orders"
TABLE: dict[str, Any] = {
    "TableName": "orders",
    **on_demand("pk", more=["day"]),
    "GlobalSecondaryIndexes": [index_on("by-day", "day")],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
}
KEY = {"pk": {"S": "a"}}


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock())


@pytest.fixture
def owner(world: ddbha.World) -> Any:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    client.put_item(TableName="orders", Item={**KEY, "day": {"S": "monday"}})
    return client


@pytest.fixture
def other(world: ddbha.World) -> Any:
    return world.client("dynamodb", region_name="us-east-1", account_id=OTHER)


def policy(
    *actions: str, effect: str = "Allow", principal: Any = None, resource: Any = ARN, **more: Any
) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                statement(*actions, effect=effect, principal=principal, resource=resource, **more)
            ],
        }
    )


def statement(
    *actions: str, effect: str = "Allow", principal: Any = None, resource: Any = ARN, **more: Any
) -> dict[str, Any]:
    return {
        "Effect": effect,
        "Principal": {"AWS": OTHER} if principal is None else principal,
        "Action": [f"dynamodb:{action}" for action in actions],
        "Resource": resource,
        **more,
    }


def put(client: Any, text: str, **more: Any) -> str:
    answer: dict[str, str] = client.put_resource_policy(ResourceArn=ARN, Policy=text, **more)
    return answer["RevisionId"]


def denied(action: str, resource: str = ARN, account: str = OTHER) -> str:
    return (
        f"User: arn:aws:iam::{account}:root is not authorized to perform: dynamodb:{action} on resource: "
        f"{resource} because no resource-based policy allows the dynamodb:{action} action"
    )


def refusal(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_nothing_is_allowed_without_a_policy(owner: Any, other: Any, world: ddbha.World) -> None:
    expected = ("AccessDeniedException", denied("GetItem"))
    assert refusal(other.get_item, TableName=ARN, Key=KEY) == expected
    put(owner, policy("PutItem"))
    assert refusal(other.get_item, TableName=ARN, Key=KEY) == expected
    third: Any = world.client("dynamodb", region_name="us-east-1", account_id=THIRD)
    assert refusal(third.put_item, TableName=ARN, Item=KEY) == (
        "AccessDeniedException",
        denied("PutItem", account=THIRD),
    )
    assert refusal(other.describe_table, TableName="orders")[0] == "ResourceNotFoundException"


def test_what_is_allowed_reaches_the_owners_table(owner: Any, other: Any) -> None:
    put(owner, policy("*Item", "Query", "Scan", "DescribeTable", resource=[ARN, f"{ARN}/index/*"]))
    other.put_item(TableName=ARN, Item={"pk": {"S": "b"}, "day": {"S": "monday"}})
    assert owner.get_item(TableName="orders", Key={"pk": {"S": "b"}})["Item"]["day"] == {"S": "monday"}
    other.update_item(
        TableName=ARN,
        Key=KEY,
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )
    assert other.scan(TableName=ARN)["Count"] == 2
    query = {
        "TableName": ARN,
        "IndexName": "by-day",
        "KeyConditionExpression": "#d = :d",
        "ExpressionAttributeNames": {"#d": "day"},
        "ExpressionAttributeValues": {":d": {"S": "monday"}},
    }
    assert other.query(**query)["Count"] == 2
    other.delete_item(TableName=ARN, Key=KEY)
    assert "Item" not in owner.get_item(TableName="orders", Key=KEY)
    assert other.describe_table(TableName=ARN)["Table"]["TableArn"] == ARN
    assert other.list_tables()["TableNames"] == []


def test_an_index_is_a_resource_of_its_own(owner: Any, other: Any) -> None:
    query = {
        "TableName": ARN,
        "IndexName": "by-day",
        "KeyConditionExpression": "#d = :d",
        "ExpressionAttributeNames": {"#d": "day"},
        "ExpressionAttributeValues": {":d": {"S": "monday"}},
    }
    put(owner, policy("Query"))
    assert refusal(other.query, **query)[1] == denied("Query", f"{ARN}/index/by-day")
    put(owner, policy("Query", resource=f"{ARN}/index/by-day"))
    assert other.query(**query)["Count"] == 1


def test_batches_and_transactions_over_two_accounts(owner: Any, other: Any) -> None:
    other.create_table(**{**TABLE, "TableName": "mine"})
    put(owner, policy("BatchWriteItem", "BatchGetItem", "PutItem", "GetItem", "ConditionCheckItem"))
    put_b = [{"PutRequest": {"Item": {"pk": {"S": "b"}}}}]
    other.batch_write_item(RequestItems={ARN: put_b, "mine": put_b})
    found = other.batch_get_item(
        RequestItems={name: {"Keys": [{"pk": {"S": "b"}}]} for name in (ARN, "mine")}
    )["Responses"]
    assert {name: len(items) for name, items in found.items()} == {ARN: 1, "mine": 1}
    other.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": ARN, "Item": {"pk": {"S": "c"}}}},
            {"Put": {"TableName": "mine", "Item": {"pk": {"S": "d"}}}},
        ]
    )
    assert other.transact_get_items(
        TransactItems=[{"Get": {"TableName": ARN, "Key": {"pk": {"S": "c"}}}}]
    )["Responses"] == [{"Item": {"pk": {"S": "c"}}}]
    # Each action of a transaction needs its own permission, and without one nothing is done.
    transaction = [
        {"Put": {"TableName": "mine", "Item": {"pk": {"S": "e"}}}},
        {"Delete": {"TableName": ARN, "Key": {"pk": {"S": "c"}}}},
    ]
    assert refusal(other.transact_write_items, TransactItems=transaction)[1] == denied("DeleteItem")
    assert "Item" not in other.get_item(TableName="mine", Key={"pk": {"S": "e"}})


def test_settings_of_a_table_and_its_policy_are_for_the_owner_only(owner: Any, other: Any) -> None:
    put(owner, policy("*"))
    specification = {"Enabled": True, "AttributeName": "expires"}
    assert refusal(other.update_time_to_live, TableName=ARN, TimeToLiveSpecification=specification)[
        1
    ] == denied("UpdateTimeToLive")
    assert refusal(other.get_resource_policy, ResourceArn=ARN) == (
        "ValidationException",
        "This action is only supported by accounts that match the resource owner\u2019s account.",
    )
    other.update_table(TableName=ARN, DeletionProtectionEnabled=True)
    assert owner.describe_table(TableName="orders")["Table"]["DeletionProtectionEnabled"] is True
    other.update_table(TableName=ARN, DeletionProtectionEnabled=False)
    other.delete_table(TableName=ARN)
    assert owner.list_tables()["TableNames"] == []


def test_streams_have_policies_of_their_own(owner: Any, world: ddbha.World) -> None:
    stream = owner.describe_table(TableName="orders")["Table"]["LatestStreamArn"]
    streams: Any = world.client("dynamodbstreams", region_name="us-east-1", account_id=OTHER)
    put(owner, policy("*", resource="*"))
    assert refusal(streams.describe_stream, StreamArn=stream)[1] == denied("DescribeStream", stream)
    owner.put_resource_policy(
        ResourceArn=stream,
        Policy=policy("DescribeStream", "GetShardIterator", "GetRecords", resource=stream),
    )
    shards = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    count = 0
    for shard in shards:
        iterator = streams.get_shard_iterator(
            StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        count += len(streams.get_records(ShardIterator=iterator)["Records"])
    assert count == 1
    owner.delete_resource_policy(ResourceArn=stream)
    assert refusal(streams.get_records, ShardIterator=iterator)[1] == denied("GetRecords", stream)


def test_a_denial_wins_also_against_the_owner(owner: Any, other: Any) -> None:
    put(
        owner,
        json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    statement("*"),
                    statement("PutItem", "DeleteTable", effect="Deny", principal="*"),
                ],
            }
        ),
    )
    other.get_item(TableName=ARN, Key=KEY)
    for client, account in ((owner, OWNER), (other, OTHER)):
        assert refusal(client.put_item, TableName=ARN, Item=KEY) == (
            "AccessDeniedException",
            f"User: arn:aws:iam::{account}:root is not authorized to perform: dynamodb:PutItem on "
            f"resource: {ARN} with an explicit deny in a resource-based policy",
        )
    assert refusal(owner.delete_table, TableName="orders")[0] == "AccessDeniedException"
    owner.delete_resource_policy(ResourceArn=ARN)
    owner.delete_table(TableName="orders")


def test_nobody_locks_itself_out_without_saying_so(owner: Any) -> None:
    text = policy("PutResourcePolicy", "DeleteResourcePolicy", effect="Deny", principal="*")
    assert refusal(owner.put_resource_policy, ResourceArn=ARN, Policy=text) == (
        "AccessDeniedException",
        "The new resource policy will not allow you to update the resource policy in the future.",
    )
    put(owner, text, ConfirmRemoveSelfResourceAccess=True)
    assert refusal(owner.put_resource_policy, ResourceArn=ARN, Policy=policy("GetItem"))[0] == (
        "AccessDeniedException"
    )
    # The root of the account can always do this.
    owner.delete_resource_policy(ResourceArn=ARN)


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"aws:PrincipalAccount": [THIRD, OTHER]}}, True),
        ({"StringEquals": {"aws:PrincipalAccount": THIRD}}, False),
        ({"StringNotEquals": {"aws:PrincipalAccount": [THIRD, OTHER]}}, False),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:*"}}, True),
        ({"StringEqualsIfExists": {"aws:RequestedRegion": "us-east-1"}}, True),
        # Who is no service asks for the sake of nothing else: there is no such key in the request.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
        ({"StringEquals": {"aws:SourceAccount": [OTHER, OWNER]}}, False),
        ({"ArnLike": {"aws:SourceArn": "*"}}, False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": THIRD}}, True),
        ({"StringNotEquals": {"aws:SourceAccount": OTHER}}, True),
        (
            {
                "StringLike": {"aws:RequestedRegion": "us-????-1"},
                "Bool": {"aws:SecureTransport": "false"},
            },
            False,
        ),
    ],
)
def test_conditions(owner: Any, other: Any, condition: Any, allowed: bool) -> None:
    put(owner, policy("GetItem", principal="*", Condition=condition))
    if allowed:
        assert other.get_item(TableName=ARN, Key=KEY)["Item"]["pk"] == {"S": "a"}
    else:
        assert refusal(other.get_item, TableName=ARN, Key=KEY)[1] == denied("GetItem")


def test_conditions_that_cannot_be_judged_are_refused(owner: Any) -> None:
    for condition, what in (
        ({"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, "operator DateLessThan"),
        ({"StringEquals": {"dynamodb:LeadingKeys": "a"}}, "key dynamodb:LeadingKeys"),
    ):
        text = policy("GetItem", Condition=condition)
        code, message = refusal(owner.put_resource_policy, ResourceArn=ARN, Policy=text)
        assert code == "ValidationException"
        assert f"ddbha does not implement the condition {what}" in message


def test_revisions(owner: Any, world: ddbha.World) -> None:
    assert refusal(owner.get_resource_policy, ResourceArn=ARN) == (
        "PolicyNotFoundException",
        f"Resource-based policy not found for the provided ResourceArn: {ARN}",
    )
    first = put(owner, policy("GetItem"), ExpectedRevisionId="NO_POLICY")
    # Milliseconds since the epoch.
    assert first == "1767225600000"
    prefix = "Resource-based policy not found for the provided ResourceArn: Requested "
    assert (
        refusal(owner.put_resource_policy, ResourceArn=ARN, Policy="{}", ExpectedRevisionId="NO_POLICY")[
            0
        ]
        == "ValidationException"
    )
    assert refusal(
        owner.put_resource_policy,
        ResourceArn=ARN,
        Policy=policy("PutItem"),
        ExpectedRevisionId="NO_POLICY",
    ) == (
        "PolicyNotFoundException",
        f"{prefix}policy update expecting none to be present for table orders, but a policy exists with "
        f"revision id {first}.",
    )
    second = put(owner, policy("PutItem"), ExpectedRevisionId=first)
    assert int(second) > int(first)
    for call, more in (
        (owner.put_resource_policy, {"Policy": policy("GetItem")}),
        (owner.delete_resource_policy, {}),
    ):
        assert refusal(call, ResourceArn=ARN, ExpectedRevisionId=first, **more) == (
            "PolicyNotFoundException",
            f"{prefix}update for policy with revision id {first}, but the policy associated to target "
            f"table orders has revision id {second}.",
        )
    answer = owner.delete_resource_policy(ResourceArn=ARN, ExpectedRevisionId=second)
    assert answer["RevisionId"] == second
    assert refusal(owner.delete_resource_policy, ResourceArn=ARN, ExpectedRevisionId=second)[0] == (
        "PolicyNotFoundException"
    )
    assert int(owner.delete_resource_policy(ResourceArn=ARN)["RevisionId"]) > int(second)


def test_deleting_what_never_was_is_no_error(owner: Any) -> None:
    assert "RevisionId" not in owner.delete_resource_policy(ResourceArn=ARN)


def test_equivalent_documents_are_one_policy(owner: Any) -> None:
    first = put(owner, policy("GetItem", principal={"AWS": f"arn:aws:iam::{OTHER}:root"}))
    again = {
        "Statement": {
            "Resource": [ARN],
            "Action": "dynamodb:GetItem",
            "Principal": {"AWS": [OTHER, f"arn:aws:iam::{OTHER}:root"]},
            "Effect": "allow",
        },
        "Version": "2012-10-17",
    }
    assert put(owner, json.dumps(again, indent=4)) == first
    shown = owner.get_resource_policy(ResourceArn=ARN)
    assert shown["RevisionId"] == first
    assert shown["Policy"] == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":'
        f'"arn:aws:iam::{OTHER}:root"}},"Action":"dynamodb:GetItem","Resource":"{ARN}"}}]}}'
    )


def test_changes_within_fifteen_seconds_are_throttled() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws())
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(**TABLE)
    client.get_waiter("table_exists").wait(TableName="orders")
    revision = put(client, policy("GetItem"))
    assert put(client, policy("GetItem")) == revision
    plain: Any = world.client(
        "dynamodb", region_name="us-east-1", config=Config(retries={"max_attempts": 0})
    )
    code, message = refusal(plain.put_resource_policy, ResourceArn=ARN, Policy=policy("PutItem"))
    assert code == "ThrottlingException"
    assert message.startswith(
        "Resource-based policy for table orders modified within the previous 15000 milliseconds. "
        "Please try again after 2026-01-01T00:0"
    )
    world.clock.advance(seconds=15)
    assert put(client, policy("PutItem")) != revision


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Invalid policy document: This policy contains invalid Json"),
        ("[" * 20000, "Invalid policy document: This policy contains invalid Json"),
        ('{"Statement": []}', "Invalid policy document: Could not parse the policy: Statement is empty!"),
        (
            '{"Statement": {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, '
            '"Action": "dynamodb:GetItem"}}',
            "Invalid policy document: Missing required field Resource",
        ),
        (
            policy("ListStreams"),
            'Invalid policy document: The following action names are invalid: "dynamodb:ListStreams"',
        ),
        (policy("GetItem", principal=OTHER), "Invalid principal in policy document."),
        (policy("GetItem") + " " * 20480, "Maximum policy size of 20480 bytes exceeded"),
        (
            json.dumps({"Statement": [statement("GetItem", Sid="a"), statement("Scan", Sid="a")]}),
            "Invalid policy document: The Statement Ids in the policy are not unique",
        ),
    ],
)
def test_documents_that_are_no_policy(owner: Any, text: str, message: str) -> None:
    assert refusal(owner.put_resource_policy, ResourceArn=ARN, Policy=text) == (
        "ValidationException",
        f"One or more parameter values were invalid: {message}",
    )
    assert refusal(owner.get_resource_policy, ResourceArn=ARN)[0] == "PolicyNotFoundException"


@pytest.mark.parametrize("more", [{}, {"Condition": {}}, {"Condition": {"StringEquals": {}}}])
def test_public_access_is_blocked(owner: Any, more: dict[str, Any]) -> None:
    # A condition that asks nothing is none.
    everybody = {**statement("GetItem", principal="*"), **more}
    text = json.dumps({"Version": "2012-10-17", "Statement": everybody})
    message = refusal(owner.put_resource_policy, ResourceArn=ARN, Policy=text)[1]
    assert message.startswith("Resource-based policy grants unbounded access in one or more elements.")


@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        ("orders", "ValidationException", "ARNs must start with 'arn:': orders"),
        (
            ARN.replace("orders", "none"),
            "ResourceNotFoundException",
            "Requested resource not found: Table: none not found",
        ),
        (
            f"{ARN}/index/by-day",
            "ValidationException",
            "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: "
            f"{ARN}/index/by-day",
        ),
        (
            f"{ARN}/backup/1",
            "ValidationException",
            f"Provided Arn is not a DynamoDB resource arn: {ARN}/backup/1",
        ),
        (
            ARN.replace("us-east-1", "eu-west-1"),
            "ValidationException",
            f"Invalid resource Arn: {ARN.replace('us-east-1', 'eu-west-1')}",
        ),
        (
            f"{ARN}/stream/2000-01-01T00:00:00.000",
            "ResourceNotFoundException",
            "Requested resource not found: Stream: 2000-01-01T00:00:00.000 not found for Table: orders",
        ),
    ],
)
def test_arns(owner: Any, arn: str, code: str, message: str) -> None:
    prefix = "One or more parameter values were invalid: " if code == "ValidationException" else ""
    assert refusal(owner.get_resource_policy, ResourceArn=arn) == (code, prefix + message)


def test_a_policy_of_a_new_table_and_its_end(owner: Any, other: Any) -> None:
    arn = ARN.replace("orders", "shared")
    table = {**TABLE, "TableName": "shared", "ResourcePolicy": policy("PutItem", resource=arn)}
    owner.create_table(**table)
    other.put_item(TableName=arn, Item=KEY)
    owner.delete_table(TableName="shared")
    del table["ResourcePolicy"]
    owner.create_table(**table)
    assert refusal(other.put_item, TableName=arn, Item=KEY)[1] == denied("PutItem", arn)


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_wildcards(wildcards: str, text: str) -> None:
    def matches(pattern: str, rest: str) -> bool:
        if not pattern:
            return not rest
        if pattern[0] == "*":
            return matches(pattern[1:], rest) or (bool(rest) and matches(pattern, rest[1:]))
        return bool(rest) and pattern[0] in ("?", rest[0]) and matches(pattern[1:], rest[1:])

    document = policy("GetItem", resource=[f"x{wildcards}", "unused"])
    decision = Policy.read(document, ["GetItem"]).decide(
        Access(OTHER, "dynamodb:GetItem", f"x{text}", "us-east-1")
    )
    assert decision is (True if matches(wildcards, text) else None)


STATEMENTS = {
    "PartiQLSelect": "SELECT * FROM orders WHERE pk = 'a'",
    "PartiQLInsert": "INSERT INTO orders VALUE {'pk': 'b'}",
    "PartiQLUpdate": "UPDATE orders SET n = 1 WHERE pk = 'a'",
    "PartiQLDelete": "DELETE FROM orders WHERE pk = 'a'",
}


@pytest.mark.parametrize("action", STATEMENTS)
def test_an_explicit_deny_holds_for_statements(owner: Any, action: str) -> None:
    before = owner.scan(TableName="orders")["Items"]
    deny = policy(action, effect="Deny", principal="*")
    owner.put_resource_policy(ResourceArn=ARN, Policy=deny)
    text = STATEMENTS[action]
    refused = f"AccessDenied.*dynamodb:{action} on resource: {ARN} with an explicit deny"
    with pytest.raises(ClientError, match=refused):
        owner.execute_statement(Statement=text)
    with pytest.raises(ClientError, match=refused):
        owner.execute_transaction(TransactStatements=[{"Statement": text}])
    (answer,) = owner.batch_execute_statement(Statements=[{"Statement": text}])["Responses"]
    assert answer["Error"]["Code"] == "AccessDenied"
    assert owner.scan(TableName="orders")["Items"] == before
    for allowed, other_text in STATEMENTS.items():
        if allowed != action:
            owner.execute_statement(Statement=other_text)


def test_a_check_in_a_transaction_and_an_index_are_selects(owner: Any) -> None:
    deny = policy("PartiQLSelect", effect="Deny", principal="*", resource=f"{ARN}/index/*")
    owner.put_resource_policy(ResourceArn=ARN, Policy=deny)
    owner.execute_statement(Statement=STATEMENTS["PartiQLSelect"])
    with pytest.raises(ClientError, match=r"PartiQLSelect on resource: .*/index/by-day"):
        owner.execute_statement(Statement="SELECT * FROM orders.\"by-day\" WHERE day = 'monday'")
    deny = policy("PartiQLSelect", effect="Deny", principal="*")
    owner.put_resource_policy(ResourceArn=ARN, Policy=deny)
    check = "EXISTS(SELECT * FROM orders WHERE pk = 'a' AND day = 'monday')"
    write = STATEMENTS["PartiQLInsert"]
    with pytest.raises(ClientError, match="PartiQLSelect"):
        owner.execute_transaction(TransactStatements=[{"Statement": check}, {"Statement": write}])


@pytest.mark.parametrize(
    "condition", [{}, {"StringEquals": {}}, {"StringNotEquals": {"aws:PrincipalArn": []}}]
)
def test_a_condition_that_asks_nothing_bounds_nothing(owner: Any, condition: dict[str, Any]) -> None:
    text = policy("GetItem", principal="*", Condition=condition)
    code, message = refusal(owner.put_resource_policy, ResourceArn=ARN, Policy=text)
    assert code == "ValidationException"
    assert message.startswith("Resource-based policy grants unbounded access")
    put(owner, policy("GetItem", Condition=condition))


@pytest.mark.parametrize("member", ["Principal", "Action", "Resource"])
def test_an_element_and_its_opposite_exclude_each_other(owner: Any, member: str) -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    document = json.loads(policy("GetItem", effect="Deny"))
    content = document["Statement"][0]
    content[f"Not{member}"] = content[member]
    code, message = refusal(owner.put_resource_policy, ResourceArn=ARN, Policy=json.dumps(document))
    assert code == "ValidationException"
    assert message.endswith(f"Statement/policy already has instance of {member}")


def test_nothing_is_allowed_to_all_but_some(owner: Any) -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    document = json.loads(policy("GetItem"))
    content = document["Statement"][0]
    content["NotPrincipal"] = content.pop("Principal")
    code, message = refusal(owner.put_resource_policy, ResourceArn=ARN, Policy=json.dumps(document))
    assert (code, message.partition(": ")[2]) == (
        "ValidationException",
        "Invalid policy document: Allow with NotPrincipal is not allowed.",
    )


def test_without_an_interval_a_policy_is_changed_at_any_time(owner: Any) -> None:
    revisions = [put(owner, policy(action)) for action in ("GetItem", "PutItem", "Query", "Scan")]
    assert len(set(revisions)) == 4


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov", "awsx", "aws"])
def test_a_denial_holds_whichever_way_the_arn_is_written(owner: Any, partition: str) -> None:
    put(
        owner,
        policy("*", effect="Deny", principal="*", resource="*"),
        ConfirmRemoveSelfResourceAccess=True,
    )
    spelled = ARN.replace("arn:aws:", f"arn:{partition}:")
    for call, request in (
        (owner.get_item, {"TableName": spelled, "Key": KEY}),
        (owner.batch_get_item, {"RequestItems": {spelled: {"Keys": [KEY]}}}),
        (owner.execute_statement, {"Statement": f'SELECT * FROM "{spelled}"'}),
        (owner.list_tags_of_resource, {"ResourceArn": spelled}),
        (owner.update_table, {"TableName": spelled, "BillingMode": "PAY_PER_REQUEST"}),
        (owner.export_table_to_point_in_time, {"TableArn": spelled, "S3Bucket": "bucket"}),
        (
            owner.restore_table_to_point_in_time,
            {"SourceTableArn": spelled, "TargetTableName": "copy", "UseLatestRestorableTime": True},
        ),
    ):
        code, message = refusal(call, **request)
        assert code == "AccessDeniedException", request
        assert message.endswith("with an explicit deny in a resource-based policy")


#: Operations for which AWS asks no policy of a table: they are of the account, of tables that are not
#: there yet, of backups, exports, imports and bulk operations, or are refused to all.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
OF_NO_TABLE = {
    "CreateTable", "ListTables", "DescribeLimits", "DescribeEndpoints", "ListBackups", "ListExports",
    "ListImports", "ListContributorInsights", "ListStreams", "ListGlobalTables", "DescribeBackup",
    "DeleteBackup", "RestoreTableFromBackup", "DescribeExport", "DescribeImport", "ImportTable",
    "CreateGlobalTable", "UpdateGlobalTable", "DescribeGlobalTable", "DescribeGlobalTableSettings",
    "UpdateGlobalTableSettings", "CancelBulkOperation", "DescribeBulkOperation", "ListBulkOperations",
}  # fmt: skip
#: The only change of a policy that the owner cannot forbid to itself.
NEVER_DENIED = {"DeleteResourcePolicy"}


def test_a_denial_is_looked_at_whatever_is_asked_of_a_table() -> None:
    # Application Auto Scaling knows no policies of tables.
    known = {name for service, name in registry.implemented() if service != "application-autoscaling"}
    asked = set()
    for number in range(len(Prepared().requests())):
        prepared = Prepared()
        operation, request = prepared.requests()[number]
        name = operation.rpartition(".")[2]
        asked.add(name)
        client: Any = prepared.world.client("dynamodb", region_name="us-east-1")
        everything = json.dumps({"Statement": statement("*", effect="Deny", principal="*", resource="*")})
        described = [
            client.describe_table(TableName=table)["Table"]
            for table in ("orders", "units", "shared", "imported")
        ]
        for table in described:
            for arn in (table[arn] for arn in ("TableArn", "LatestStreamArn") if arn in table):
                client.put_resource_policy(
                    ResourceArn=arn, Policy=everything, ConfirmRemoveSelfResourceAccess=True
                )
        answer = asking.call(prepared.world, operation, request)
        if name == "BatchExecuteStatement":
            assert answer.json["Responses"][0]["Error"]["Code"] == "AccessDenied"
        elif name == "ExecuteTransaction":
            assert b"AccessDenied" in answer.content
        elif name in OF_NO_TABLE | NEVER_DENIED:
            assert b"explicit deny" not in answer.content, operation
        else:
            assert answer.json["__type"].endswith("#AccessDeniedException"), operation
            assert b"with an explicit deny in a resource-based policy" in answer.content
    assert asked == known


@pytest.mark.parametrize("name", ["orders", ARN])
def test_capacity_is_of_the_table_as_the_request_names_it(owner: Any, name: str) -> None:
    """API_ConsumedCapacity: the ARN of a table in the input is the ARN in the response."""
    total: Any = {"ReturnConsumedCapacity": "TOTAL"}
    of_table: Any = {"TableName": name, **total}
    text = f"SELECT * FROM \"{name}\" WHERE pk = 'a'"
    put: Any = {"Put": {"TableName": name, "Item": KEY}}
    answers = [
        owner.get_item(Key=KEY, **of_table),
        owner.put_item(Item=KEY, **of_table),
        owner.delete_item(Key=KEY, **of_table),
        owner.scan(**of_table),
        owner.execute_statement(Statement=text, **total),
    ]
    lists = [
        owner.batch_get_item(RequestItems={name: {"Keys": [KEY]}}, **total),
        owner.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": KEY}}]}, **total),
        owner.transact_get_items(TransactItems=[{"Get": {"TableName": name, "Key": KEY}}], **total),
        owner.transact_write_items(TransactItems=[put], ClientRequestToken="one", **total),
        owner.transact_write_items(TransactItems=[put], ClientRequestToken="one", **total),
        owner.batch_execute_statement(Statements=[{"Statement": text}], **total),
        owner.execute_transaction(TransactStatements=[{"Statement": text}], **total),
    ]
    assert {answer["ConsumedCapacity"]["TableName"] for answer in answers} == {name}
    assert {answer["ConsumedCapacity"][0]["TableName"] for answer in lists} == {name}


def test_capacity_of_two_accounts_tables_of_one_name_is_told_apart(owner: Any, other: Any) -> None:
    owner.put_resource_policy(
        ResourceArn=ARN, Policy=policy("BatchGetItem", "GetItem", "BatchWriteItem", "PutItem")
    )
    other.create_table(**TABLE)
    total: Any = {"ReturnConsumedCapacity": "TOTAL"}
    wanted: Any = {"Keys": [KEY], "ConsistentRead": True}
    gets = [{"Get": {"TableName": name, "Key": KEY}} for name in ("orders", ARN)]
    puts: Any = [{"Put": {"TableName": name, "Item": KEY}} for name in ("orders", ARN)]
    put: Any = [{"PutRequest": {"Item": KEY}}]
    for answer, units in (
        (other.batch_get_item(RequestItems={"orders": wanted, ARN: wanted}, **total), 1.0),
        (other.batch_write_item(RequestItems={"orders": put, ARN: put}, **total), 1.0),
        (other.transact_get_items(TransactItems=gets, **total), 2.0),
        (other.transact_write_items(TransactItems=puts, **total), 2.0),
    ):
        consumed = {one["TableName"]: one["CapacityUnits"] for one in answer["ConsumedCapacity"]}
        assert consumed.keys() == {"orders", ARN}
        assert consumed["orders"] == units
