"""Whatever is asked, the answer is a success or an error of AWS, and the world stays whole."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddbha import ManualClock, World
from ddbha.api import registry
from ddbha.api.registry import Caller
from ddbha.api.wire.model import input_shape
from ddbha.errors import AwsError, NoAnswer, NotImplementedOperation

HERE = Caller("123456789012", "us-east-1")
ELSEWHERE = Caller("210987654321", "us-east-1")
POLICIES = [
    json.dumps({"Version": "2012-10-17", "Statement": statement})
    for statement in (
        {"Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": ["dynamodb:P*"], "NotResource": ["?", "arn:*x"]},
        {
            "Effect": "Deny",
            "NotPrincipal": {"Service": "a"},
            "NotAction": "dynamodb:Get*",
            "Resource": "*",
        },
        {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:Nothing", "Resource": 1},
        [{"Sid": []}, {}, 1],
        {"Effect": [], "Principal": [], "Action": {}, "Resource": [], "Condition": {"Bool": {"a": {}}}},
    )
]
TABLE: dict[str, Any] = {
    "TableName": "orders",
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
        {"AttributeName": "a", "AttributeType": "B"},
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "local",
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "a", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "global",
            "KeySchema": [{"AttributeName": "sk", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b"]},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}
VECTOR_INDEX = {
    "IndexName": "vector",
    "VectorAttribute": {"AttributeName": "b"},
    "Dimensions": 1,
    "DistanceFunction": "COSINE",
    "SearchSchema": [{"AttributeName": "sk", "SearchSchemaElementType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
NAMES = st.sampled_from(["pk", "sk", "a", "b", "#a", ":v", "", "local", "global", "orders", "é"])
#: What a member of that name mostly is.
WORDS: dict[str, st.SearchStrategy[str]] = {
    "TableName": st.sampled_from(
        [*["orders"] * 20, "others", "ab", "arn:aws:dynamodb:us-east-1:123456789012:table/orders"]
    ),
    "IndexName": st.sampled_from(["local", "global", "vector", "new", "x"]),
    "AttributeName": NAMES,
    "ResourceArn": st.just("arn:aws:dynamodb:us-east-1:123456789012:table/orders") | st.text(max_size=5),
    "Statement": st.sampled_from(
        [
            "SELECT * FROM orders WHERE pk = ? AND sk > 1",
            'SELECT a[0], b FROM "orders"."global" WHERE sk IN [1, ?] ORDER BY sk DESC',
            "INSERT INTO orders VALUE {'pk': 'x', 'sk': ?, 'b': <<1, 2>>}",
            "UPDATE orders SET b = set_add(b, ?) REMOVE c WHERE pk = 'x' AND sk = 1 RETURNING ALL NEW *",
            "DELETE FROM orders WHERE pk = 'x' AND sk = ? AND NOT a IS MISSING",
            "EXISTS(SELECT * FROM orders WHERE pk = 'x' AND sk = 1 AND size(b) > ?)",
            "SELECT",
        ]
    ),
    "UpdateExpression": st.sampled_from(
        [
            "SET a = :v",
            "SET b = list_append(b, :v), #a.c[0] = if_not_exists(b, :v)",
            "REMOVE a[1].b, pk",
            "ADD b :v",
            "DELETE b :v",
            "SET b = b + :v",
            "SET",
            "SET a[99999999999999999999] = :v",
        ]
    ),
    "KeyConditionExpression": st.sampled_from(
        [
            "pk = :v",
            "pk = :v AND sk > :v",
            "sk = :v",
            "pk = :v AND a BETWEEN :v AND :v",
            "pk",
            "(pk = :v)",
            "begins_with(pk, :v)",
            "pk = :v AND begins_with(a, :v)",
            "size(pk) = :v",
            "pk = pk",
        ]
    ),
    "SearchConditionExpression": st.sampled_from(
        [
            "pk = :v",
            "sk = :v AND (b = :v OR NOT c IN (:v))",
            "size(a) = :v",
            "a.b = :v",
            "sk BETWEEN :v AND :v",
        ]
    ),
    "ProjectionExpression": st.sampled_from(["a, b", "b.c[0].d, #a", "a, a", "a[0], a.b", ",", "pk"]),
}
CONDITION = st.sampled_from(
    [
        "attribute_exists(pk)",
        "b = :v",
        "b IN (:v, a)",
        "contains(b, :v) OR NOT size(#a) > :v",
        "NOT",
        "(b",
        "attribute_type(b, :v)",
        "attribute_type(b, a)",
        "b BETWEEN :v AND :v",
        "size(:v) = size(b)",
        "begins_with(b, begins_with(a, b))",
        "b.c[0] <> :v AND a < b",
        "attribute_exists(:v)",
        "size(a)",
        "#a",
        "(" * 2000,
        "NOT " * 900 + "a = :v",
        "a = :v" + " OR a = :v" * 350,
        "a = " + "size(" * 500,
    ]
)
WORDS |= dict.fromkeys(("Policy", "ResourcePolicy"), st.sampled_from(POLICIES))
WORDS["StreamArn"] = st.sampled_from(
    [
        "arn:aws:kinesis:us-east-1:123456789012:stream/changes",
        "arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000",
    ]
)
WORDS |= {"ConditionExpression": CONDITION, "FilterExpression": CONDITION}
#: Structures of which a request has one member, and members that make sense together.
ONE_OF = {"WriteRequest", "TransactWriteItem", "GlobalSecondaryIndexUpdate"}
USUAL = ["UpdateExpression", "KeyConditionExpression", "ExpressionAttributeValues", "FilterExpression"]
USUAL += ["ConditionExpression"]
#: Whatever JSON can be, where something else is expected.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


def deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"S": "leaf"}
    for level in range(levels):
        value = {"M": {"a": value}} if level % 2 else {"L": [value]}
    return value


def mostly(usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 7).flatmap(lambda n: other if n == 0 else usual)


def sets(members: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(members, max_size=2)


NUMBERS = st.sampled_from(
    ["0", "1", "-1.50", "1e125", "1e-131", "x", "", "9" * 39, "1e999999999999", "\uff12"]
)
STRINGS = st.sampled_from(["", "a", "S", "N", "é", "\ud800"])
BLOBS = st.binary(max_size=2)
PLAIN = st.sampled_from(
    [
        {"S": "a"},
        {"N": "1"},
        {"N": "2.5"},
        {"B": b"x"},
        {"BOOL": True},
        {"NULL": True},
        {"SS": ["a", "b"]},
        {"NS": ["1", "2"]},
        {"L": [{"N": "1"}]},
        {"M": {"c": {"L": [{"S": "a"}]}}},
    ]
)
ODD = st.recursive(
    st.one_of(
        st.fixed_dictionaries({"S": STRINGS}),
        st.fixed_dictionaries({"N": NUMBERS}),
        st.fixed_dictionaries({"B": BLOBS}),
        st.fixed_dictionaries({"BOOL": st.booleans()}),
        st.fixed_dictionaries({"NULL": st.booleans()}),
        st.fixed_dictionaries({"SS": sets(STRINGS)}) | st.fixed_dictionaries({"NS": sets(NUMBERS)}),
        st.fixed_dictionaries({"BS": sets(BLOBS)}),
        st.fixed_dictionaries({}, optional={"S": STRINGS, "N": NUMBERS, "Q": JSON, "L": JSON}),
        st.sampled_from([31, 32, 33, 90, 150]).map(deep),
    ),
    lambda inner: (
        st.fixed_dictionaries({"L": st.lists(inner, max_size=2)})
        | st.fixed_dictionaries({"M": st.dictionaries(NAMES, inner, max_size=2)})
    ),
    max_leaves=3,
)
ATTRIBUTE_VALUES = mostly(PLAIN, ODD)
KEYS = st.sampled_from([{"pk": {"S": s}, "sk": {"N": n}} for s in "ab" for n in ("1", "2")])
ITEMS = mostly(
    st.tuples(KEYS, st.dictionaries(st.sampled_from(["b", "c"]), PLAIN, max_size=2)).map(
        lambda parts: {**parts[0], **parts[1]}
    ),
    st.dictionaries(NAMES, ATTRIBUTE_VALUES, max_size=4),
)
MAPS = {
    "Key": mostly(KEYS, ITEMS),
    "Item": ITEMS,
    "ExclusiveStartKey": mostly(KEYS, ITEMS),
    "ExpressionAttributeValues": mostly(
        st.fixed_dictionaries({":v": PLAIN}), st.dictionaries(NAMES, ATTRIBUTE_VALUES, max_size=2)
    ),
    "ExpressionAttributeNames": mostly(
        st.fixed_dictionaries({"#a": NAMES}), st.dictionaries(NAMES, NAMES, max_size=2)
    ),
}


@cache
def values(shape: Shape, name: str = "") -> st.SearchStrategy[Any]:
    """Values that mostly fit a shape."""
    return st.integers(0, 149).flatmap(lambda n: JSON if n == 0 else fitting(shape, name))


@cache
def fitting(shape: Shape, name: str) -> st.SearchStrategy[Any]:
    if shape.name == "AttributeValue":
        return ATTRIBUTE_VALUES
    if isinstance(shape, StructureShape):
        required = {m: values(shape.members[m], m) for m in shape.metadata.get("required", ())}
        rest = {m: values(member, m) for m, member in shape.members.items() if m not in required}
        if not rest:
            return st.fixed_dictionaries(required)
        if shape.name in ONE_OF:
            return st.sampled_from(sorted(rest)).flatmap(
                lambda name: st.fixed_dictionaries({name: rest[name]})
            )
        usual = {name: rest[name] for name in USUAL if name in rest}
        likely = [m for m in rest if m.endswith("Expression") or m in MAPS]
        some = st.lists(st.sampled_from(sorted([*rest, *likely, *likely])), max_size=4, unique=True)
        if usual:
            return st.fixed_dictionaries({**required, **usual}) | some.flatmap(
                lambda names: st.fixed_dictionaries({**required, **{name: rest[name] for name in names}})
            )
        return some.flatmap(
            lambda names: st.fixed_dictionaries({**required, **{name: rest[name] for name in names}})
        )
    if isinstance(shape, ListShape):
        elements = values(shape.member, name)
        return mostly(st.lists(elements, min_size=1, max_size=3), st.just([]))
    if isinstance(shape, MapShape):
        if name in MAPS or shape.value.name == "AttributeValue":
            return MAPS.get(name, ITEMS)
        keys = WORDS["TableName"] if shape.key.name == "TableArn" else NAMES
        return st.dictionaries(keys, values(shape.value), min_size=1, max_size=2)
    if shape.metadata.get("enum"):
        return mostly(st.sampled_from(shape.metadata["enum"]), st.just("OTHER"))
    if name in WORDS:
        return WORDS[name]
    return {
        "string": NAMES | st.text(max_size=4),
        "blob": BLOBS,
        "boolean": st.booleans(),
        "integer": st.integers(-1, 120),
        "long": st.integers(-1, 10**13),
        "double": st.floats(),
        "float": st.floats(),
        "timestamp": st.integers(0, 2**31) | st.floats(),
    }[shape.type_name]


def requests() -> st.SearchStrategy[tuple[str, str, Any]]:
    def of(service: str, operation: str) -> st.SearchStrategy[tuple[str, str, Any]]:
        shape = input_shape(service, operation)
        parameters: st.SearchStrategy[Any] = st.just({}) if shape is None else values(shape)
        return st.tuples(st.just(service), st.just(operation), parameters)

    return st.sampled_from(sorted(registry.implemented())).flatmap(lambda pair: of(*pair))


@given(
    st.lists(st.tuples(requests(), mostly(st.just(HERE), st.just(ELSEWHERE))), min_size=1, max_size=8),
    st.sampled_from([None, *POLICIES[:3]]),
)
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_any_request_is_answered_and_the_world_stays_whole(
    asked: list[tuple[tuple[str, str, Any], Caller]], policy: str | None
) -> None:
    world = World(clock=ManualClock())
    more: dict[str, Any] = {} if policy is None else {"ResourcePolicy": policy}
    more = {**more, "VectorIndexes": [VECTOR_INDEX]}
    world.engine.call("dynamodb", "CreateTable", {**TABLE, **more}, HERE)
    for (service, operation, parameters), caller in asked:
        try:
            answer = world.engine.call(service, operation, parameters, caller)
        except NotImplementedOperation as error:
            raise AssertionError from error
        except (AwsError, NoAnswer):
            continue
        assert isinstance(answer, dict)
    world.clock.advance(seconds=3600)
    world.verify()
