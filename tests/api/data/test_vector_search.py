"""SearchVectors and vector indexes of CreateTable, through a real client.

Messages are DynamoDB's, as recorded by the conformance suite of dynoxide in August 2026; conditions other
than equality are in the developer guide's page VectorSearchFilterReference, which came later.
"""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import of_units, on_demand, vector, vector_index
from tests.installed import needs

pytestmark = needs("SearchVectors")

SCHEMA = vector_index("schema", 3, "tenant:HASH", "genre", "year")


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock())


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="films",
        **on_demand("pk", more=["tenant", "genre", "year:N"]),
        VectorIndexes=[vector_index("plain", 3), SCHEMA],
    )
    return client


def put(client: Any, pk: str, *numbers: float, **attributes: Any) -> None:
    item = {"pk": {"S": pk}, "embedding": vector(*numbers), **attributes}
    client.put_item(TableName="films", Item=item)


def search(client: Any, index: str, *numbers: float, count: int = 10, **more: Any) -> Any:
    return client.search_vectors(
        TableName="films", IndexName=index, SearchVector=vector(*numbers)["L"], TopK=count, **more
    )


def found(answer: Any) -> list[str]:
    return [result["Item"]["pk"]["S"] for result in answer["SearchResults"]]


def where(condition: str, **values: Any) -> Any:
    given = {f":{name}": {"N": str(v)} if isinstance(v, int) else {"S": v} for name, v in values.items()}
    return {"SearchConditionExpression": condition, "ExpressionAttributeValues": given}


# Scores by the definitions of API_VectorIndex: cosine distance, Euclidean distance, inner product.
@pytest.mark.parametrize(
    ("function", "order", "scores"),
    [
        ("COSINE", ["far", "near", "across"], [0, 1 - 1 / math.sqrt(2), 1]),
        ("EUCLIDEAN", ["near", "across", "far"], [1, math.sqrt(2), 9]),
        ("DOT_PRODUCT", ["far", "near", "across"], [10, 1, 0]),
    ],
)
def test_the_distance_function_decides_the_order(
    world: ddbha.World, function: str, order: list[str], scores: list[float]
) -> None:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="films",
        **on_demand("pk"),
        VectorIndexes=[vector_index("plain", 3, function=function)],
    )
    put(client, "far", 10, 0, 0)
    put(client, "near", 1, 1, 0)
    put(client, "across", 0, 1, 0)
    answer = search(client, "plain", 1, 0, 0)
    assert found(answer) == order
    assert [result["Score"] for result in answer["SearchResults"]] == pytest.approx(scores)
    assert found(search(client, "plain", 1, 0, 0, count=2)) == order[:2]


def test_a_search_shows_what_is_projected_and_the_vector_only_when_it_is_named(client: Any) -> None:
    put(client, "a", 0.1, 0.2, 0.3, title={"S": "A"})
    (result,) = search(client, "plain", 1, 0, 0)["SearchResults"]
    assert result["Item"] == {"pk": {"S": "a"}, "title": {"S": "A"}}
    (result,) = search(client, "plain", 1, 0, 0, ProjectionExpression="embedding, nothing")[
        "SearchResults"
    ]
    assert result["Item"] == {"embedding": vector(0.1, 0.2, 0.3)}


def test_vectors_have_32_bits(client: Any) -> None:
    put(client, "a", 0.1234567890123, 0, 0)
    (result,) = search(client, "plain", 1, 0, 0, ProjectionExpression="embedding")["SearchResults"]
    assert result["Item"]["embedding"]["L"][0] == {"N": "0.12345679"}
    item = client.get_item(TableName="films", Key={"pk": {"S": "a"}})["Item"]
    assert item["embedding"]["L"][0] == {"N": "0.1234567890123"}


def test_an_item_is_searched_under_its_partition_key_only(client: Any) -> None:
    put(client, "a", 1, 0, 0, tenant={"S": "t1"})
    put(client, "b", 1, 0, 0, tenant={"S": "t2"})
    put(client, "c", 1, 0, 0)
    assert sorted(found(search(client, "plain", 1, 0, 0))) == ["a", "b", "c"]
    assert found(search(client, "schema", 1, 0, 0, **where("tenant = :t", t="t2"))) == ["b"]
    put(client, "b", 1, 0, 0, tenant={"S": "t1"})
    both = search(client, "schema", 1, 0, 0, **where("tenant = :t", t="t1"))
    assert sorted(found(both)) == ["a", "b"]
    client.update_item(TableName="films", Key={"pk": {"S": "a"}}, UpdateExpression="REMOVE tenant")
    client.update_item(TableName="films", Key={"pk": {"S": "c"}}, UpdateExpression="REMOVE embedding")
    client.delete_item(TableName="films", Key={"pk": {"S": "b"}})
    assert found(search(client, "schema", 1, 0, 0, **where("tenant = :t", t="t1"))) == []
    assert found(search(client, "plain", 1, 0, 0)) == ["a"]


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("genre = :g", ["a", "c"]),
        ("genre <> :g", ["b", "d"]),
        ("#y >= :low", ["b", "c"]),
        ("#y BETWEEN :low AND :high", ["b"]),
        ("genre IN (:g, :o) AND #y < :high", ["a", "b"]),
        ("genre = :g OR #y = :low", ["a", "b", "c"]),
        ("NOT genre = :g", ["b", "d"]),
        ("(genre = :g) AND (#y = :low AND #y < :high)", []),
        ("begins_with(genre, :d)", ["a", "c"]),
        ("attribute_not_exists(#y)", ["d"]),
    ],
)
def test_inline_filters(client: Any, condition: str, names: list[str]) -> None:
    tenant = {"tenant": {"S": "t"}}
    put(client, "a", 1, 0, 0, genre={"S": "drama"}, year={"N": "1990"}, **tenant)
    put(client, "b", 1, 0, 0, genre={"S": "noir"}, year={"N": "2000"}, **tenant)
    put(client, "c", 1, 0, 0, genre={"S": "drama"}, year={"N": "2010"}, **tenant)
    put(client, "d", 1, 0, 0, **tenant)
    values = {"g": "drama", "o": "noir", "d": "dra", "low": 2000, "high": 2005}
    used = {name: value for name, value in values.items() if re.search(rf":{name}\b", condition)}
    more: Any = {"ExpressionAttributeNames": {"#y": "year"}} if "#y" in condition else {}
    asked = where(f"tenant = :t AND ({condition})", t="t", **used)
    assert sorted(found(search(client, "schema", 1, 0, 0, **asked, **more))) == names


INVALID = "Invalid SearchConditionExpression: Invalid"
CONDITION = "SearchConditionExpression"
WRONG_VECTOR = (
    "Search vector contains invalid values. All values in the search vector must be a 32-bit "
    "floating-point number attribute"
)


@pytest.mark.parametrize(
    ("index", "numbers", "more", "message"),
    [
        (
            "plain",
            (1, 0, 0),
            {"count": 101},
            "Provided TopK value '101' is out of valid range. The value must be between 1 and 100 "
            "inclusive",
        ),
        (
            "schema",
            (1, 0, 0),
            {},
            "SearchConditionExpression must be provided when SearchSchema has a HASH key",
        ),
        (
            "schema",
            (1, 0, 0),
            where("tenant < :t", t="t"),
            f"{INVALID} comparator used in SearchConditionExpression",
        ),
        (
            "schema",
            (1, 0, 0),
            where("tenant = :t AND genre.title = :g", t="t", g="g"),
            f"Invalid {CONDITION}: {CONDITION} cannot have conditions on nested attributes",
        ),
        (
            "schema",
            (1, 0, 0),
            where("tenant = :t AND tenant = :t", t="t"),
            f"Invalid {CONDITION}: {CONDITION} must only contain one condition per attribute",
        ),
        (
            "schema",
            (1, 0, 0),
            where("genre = :g", g="g"),
            f"{CONDITION} must have all HASH attributes in configured SearchSchema",
        ),
        (
            "schema",
            (1, 0, 0),
            where("tenant = :t", t=1),
            f"Type of 'tenant' attribute in {CONDITION} (N) does not match type in search schema (S)",
        ),
        (
            "schema",
            (1, 0, 0),
            where("tenant = :t", t=""),
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
            "contain an empty string value. Key: tenant",
        ),
        (
            "schema",
            (1, 0, 0),
            where("tenant BETWEEN :t AND :t", t="t"),
            f"{INVALID} operator used in {CONDITION}",
        ),
        # That an OR is an invalid operator for the partition key is not on record.
        (
            "schema",
            (1, 0, 0),
            where("tenant = :t OR genre = :g", t="t", g="g"),
            f"{INVALID} operator used in {CONDITION}",
        ),
        (
            "plain",
            (1, 0),
            {},
            "Input search vector dimension 2 does not match vector index dimension 3",
        ),
        (
            "plain",
            (1, 0, 0),
            where("tenant = :t", t="t"),
            "SearchConditionExpression must not contain any attributes that is not in SearchSchema. "
            "Invalid attribute: tenant",
        ),
        ("none", (1, 0, 0), {}, "The table does not have the specified index: none"),
        ("plain", (1, 0, 1e39), {}, WRONG_VECTOR),
    ],
)
def test_what_a_search_refuses(
    client: Any, index: str, numbers: tuple[float, ...], more: Any, message: str
) -> None:
    with pytest.raises(ClientError) as refused:
        search(client, index, *numbers, **more)
    assert refused.value.response["Error"] == {"Code": "ValidationException", "Message": message}


def test_a_search_vector_is_not_wrapped_in_a_list(client: Any) -> None:
    with pytest.raises(ClientError, match=WRONG_VECTOR):
        client.search_vectors(
            TableName="films", IndexName="plain", SearchVector=[vector(1, 0, 0)], TopK=1
        )


def test_vector_indexes_are_not_queried(client: Any) -> None:
    with pytest.raises(ClientError, match="Query operation not supported on this index type"):
        client.query(
            TableName="films",
            IndexName="plain",
            KeyConditionExpression="pk = :p",
            ExpressionAttributeValues={":p": {"S": "a"}},
        )


BAD = "One or more parameter values were invalid. Invalid"


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (
            {"embedding": vector(1, 0)},
            f"{BAD} size for parameter embedding, Expected: 3, Actual: 2 IndexName: plain",
        ),
        (
            {"embedding": {"L": [{"N": "1"}, {"S": "oops"}, {"N": "0"}]}},
            f"{BAD} type for parameter embedding[1], Expected: 32-bit floating point number, Actual: S. "
            "IndexName: plain",
        ),
        (
            {"embedding": {"S": "not-a-vector"}},
            f"{BAD} type for parameter embedding, Expected: 32-bit floating point number list "
            "IndexName: plain",
        ),
        (
            {"embedding": vector(1, 0, 0), "tenant": {"S": ""}},
            "One or more parameter values are not valid. A value specified for a secondary index key is "
            "not supported. The AttributeValue for a key attribute cannot contain an empty string value. "
            "IndexName: schema, IndexKey: tenant",
        ),
    ],
)
def test_what_a_write_refuses(client: Any, item: Any, message: str) -> None:
    with pytest.raises(ClientError) as refused:
        client.put_item(TableName="films", Item={"pk": {"S": "bad"}, **item})
    assert refused.value.response["Error"] == {"Code": "ValidationException", "Message": message}
    assert client.scan(TableName="films")["Items"] == []


def test_consumed_capacity(client: Any) -> None:
    """1061 bytes were measured for 256 dimensions: four for each, and the rest of the item."""
    answer = client.put_item(
        TableName="films",
        Item={"pk": {"S": "a"}, "embedding": vector(1, 0, 0)},
        ReturnConsumedCapacity="INDEXES",
    )
    assert answer["ConsumedCapacity"]["VectorIndexes"] == {
        "plain": {"VectorWriteRequestBytes": 3 * 4 + 3}
    }
    # No search costs less than 1 KB.
    answer = search(client, "plain", 1, 0, 0, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == {"VectorSearchRequestBytes": 1024.0}


def test_what_a_search_consumes(world: ddbha.World) -> None:
    """Measured: 1964 bytes for 64 dimensions, 65 and its size for a result, 4 for each number shown."""
    client = world.client("dynamodb", region_name="us-east-1")
    indexes = [vector_index("plain", 64)]
    client.create_table(TableName="films", **on_demand("pk"), VectorIndexes=indexes)
    one = [1.0] * 64

    def consumed(**more: Any) -> float:
        answer = search(client, "plain", *one, ReturnConsumedCapacity="TOTAL", **more)
        used: float = answer["ConsumedCapacity"]["VectorSearchRequestBytes"]
        return used

    assert consumed() == 1964
    put(client, "a", *one, title={"S": "x" * 95})
    assert consumed() == 1964 + 65 + 3 + 100
    assert consumed(ProjectionExpression="pk") == 1964 + 65 + 3
    assert consumed(ProjectionExpression="embedding") == 1964 + 65 + 4 * 64


PREFIX = "One or more parameter values were invalid: "


@pytest.mark.parametrize(
    ("table", "indexes", "message"),
    [
        (
            of_units(5, 5, "pk"),
            [vector_index("vix", 3)],
            "Vector indexes are only supported for PAY_PER_REQUEST tables",
        ),
        (
            on_demand("pk"),
            [vector_index("vix", 3, "tenant:HASH")],
            "One element in SearchSchema is not defined in attribute definitions",
        ),
        (
            on_demand("pk"),
            [vector_index("vix", 4097)],
            "Number of dimensions must be between 1 and 4096 inclusive.",
        ),
        (
            on_demand("pk"),
            [vector_index(f"vix-{n}", 3) for n in range(6)],
            "VectorIndex count exceeds the per-table limit of 5",
        ),
        (
            on_demand("pk"),
            [vector_index("vix", 3), vector_index("vix2", 4)],
            "Conflicting attribute definition for 'embedding'. All VectorIndexes on the same vector "
            "attribute must use the same dimensions.",
        ),
        (
            on_demand("pk", more=["embedding"]),
            [vector_index("vix", 3)],
            "Conflicting attribute definition for 'embedding'. An attribute cannot be defined in "
            "AttributeDefinitions when used as a VectorAttribute.",
        ),
    ],
)
def test_what_create_table_refuses(world: ddbha.World, table: Any, indexes: Any, message: str) -> None:
    client = world.client("dynamodb", region_name="us-east-1")
    with pytest.raises(ClientError) as refused:
        client.create_table(TableName="films", **table, VectorIndexes=indexes)
    assert refused.value.response["Error"]["Message"] == PREFIX + message


def test_describe_table(client: Any) -> None:
    put(client, "a", 1, 0, 0, tenant={"S": "t"})
    plain, schema = client.describe_table(TableName="films")["Table"]["VectorIndexes"]
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/films/index/"
    assert {name: schema[name] for name in SCHEMA} == SCHEMA
    assert (plain["IndexStatus"], plain["IndexArn"]) == ("ACTIVE", f"{arn}plain")
    assert "Backfilling" not in plain
