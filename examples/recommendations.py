"""Films that are like another one of their language: embeddings in a table, found by a vector index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import boto3

TABLE = "films"
INDEX = "by-plot"


def create_table(dimensions: int) -> None:
    """The table with its vector index, ready for use."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName=TABLE,
        AttributeDefinitions=[
            {"AttributeName": "title", "AttributeType": "S"},
            {"AttributeName": "language", "AttributeType": "S"},
            {"AttributeName": "released", "AttributeType": "N"},
        ],
        KeySchema=[{"AttributeName": "title", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        VectorIndexes=[
            {
                "IndexName": INDEX,
                "VectorAttribute": {"AttributeName": "plot"},
                "Dimensions": dimensions,
                "DistanceFunction": "COSINE",
                "SearchSchema": [
                    {"AttributeName": "language", "SearchSchemaElementType": "HASH"},
                    {"AttributeName": "released", "SearchSchemaElementType": "INLINE_FILTER"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    client.get_waiter("table_exists").wait(TableName=TABLE)


def add(title: str, language: str, released: int, plot: Sequence[float]) -> None:
    """One film with the embedding of its plot."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.put_item(
        TableName=TABLE,
        Item={
            "title": {"S": title},
            "language": {"S": language},
            "released": {"N": str(released)},
            "plot": {"L": _vector(plot)},
        },
    )


def similar(title: str, count: int, since: int = 0) -> list[str]:
    """The films of the same language that are most like one, the best first; only those since a year."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    film = client.get_item(TableName=TABLE, Key={"title": {"S": title}}, ConsistentRead=True)["Item"]
    answer = client.search_vectors(
        TableName=TABLE,
        IndexName=INDEX,
        SearchVector=film["plot"]["L"],
        TopK=count + 1,
        SearchConditionExpression="#l = :l AND released >= :since",
        ExpressionAttributeNames={"#l": "language"},
        ExpressionAttributeValues={":l": film["language"], ":since": {"N": str(since)}},
    )
    titles = [result["Item"]["title"]["S"] for result in answer["SearchResults"]]
    return [found for found in titles if found != title][:count]


def _vector(numbers: Sequence[float]) -> list[Any]:
    return [{"N": repr(number)} for number in numbers]


if __name__ == "__main__":
    import ddbha

    with ddbha.mock():
        create_table(3)
        add("The Sea", "en", 1999, [0.9, 0.1, 0.0])
        add("The Ocean", "en", 2010, [0.8, 0.2, 0.1])
        add("The Desert", "en", 2012, [0.0, 0.2, 0.9])
        print("like The Sea:", similar("The Sea", 2))
