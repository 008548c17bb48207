"""Definitions of tables and indexes, as members of CreateTable.

A key is told as "name", or "name:N" where it is no string: `on_demand("pk", "sk:N")`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def keys(*key: str, more: Iterable[str] = ()) -> Any:
    """A partition key and perhaps a sort key; `more` are attributes that indexes have for keys."""
    return {"AttributeDefinitions": [_definition(one) for one in (*key, *more)], **_schema(*key)}


def on_demand(*key: str, more: Iterable[str] = ()) -> Any:
    """As `keys`, for a table that is billed by request."""
    return {**keys(*key, more=more), "BillingMode": "PAY_PER_REQUEST"}


def of_units(read: int, write: int, *key: str, more: Iterable[str] = ()) -> Any:
    """As `keys`, for a table of so many capacity units."""
    throughput = {"ReadCapacityUnits": read, "WriteCapacityUnits": write}
    return {**keys(*key, more=more), "ProvisionedThroughput": throughput}


def index_on(name: str, *key: str, projection: str = "ALL") -> Any:
    """A secondary index."""
    return {"IndexName": name, **_schema(*key), "Projection": {"ProjectionType": projection}}


def index_of(name: str, hashed: Sequence[str], *ranged: str, projection: str = "ALL") -> Any:
    """A global index with several partition keys, and perhaps several sort keys."""
    schema = [*((one, "HASH") for one in hashed), *((one, "RANGE") for one in ranged)]
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in schema],
        "Projection": {"ProjectionType": projection},
    }


def _definition(key: str) -> dict[str, str]:
    name, _, kind = key.partition(":")
    return {"AttributeName": name, "AttributeType": kind or "S"}


def _schema(*key: str) -> dict[str, Any]:
    names = [one.partition(":")[0] for one in key]
    kinds = ("HASH", "RANGE")[: len(names)]
    return {
        "KeySchema": [
            {"AttributeName": name, "KeyType": kind} for name, kind in zip(names, kinds, strict=True)
        ]
    }


def vector_index(
    name: str,
    dimensions: int,
    *search_schema: str,
    function: str = "COSINE",
    projection: str = "ALL",
    attribute: str = "embedding",
) -> Any:
    """A vector index; its search schema is told as "tenant:HASH" or, for an inline filter, "genre"."""
    elements = [one.partition(":") for one in search_schema]
    schema = [
        {"AttributeName": name, "SearchSchemaElementType": kind or "INLINE_FILTER"}
        for name, _, kind in elements
    ]
    return {
        "IndexName": name,
        "VectorAttribute": {"AttributeName": attribute},
        "Dimensions": dimensions,
        "DistanceFunction": function,
        "Projection": {"ProjectionType": projection},
        **({"SearchSchema": schema} if schema else {}),
    }


def vector(*numbers: float) -> Any:
    """A vector as an attribute of an item; its "L" is what a search is given."""
    return {"L": [{"N": repr(number)} for number in numbers]}


def scaled(
    world: Any, table: str, kind: str, least: int, most: int, target: float, **tracking: Any
) -> None:
    """Let the throughput of a table, or of TABLE/index/NAME, in us-east-1 follow what is consumed."""
    scaling = world.client("application-autoscaling", region_name="us-east-1")
    of = "index" if "/index/" in table else "table"
    dimension = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{table}",
        "ScalableDimension": f"dynamodb:{of}:{kind}CapacityUnits",
    }
    metric = {"PredefinedMetricType": f"DynamoDB{kind}CapacityUtilization"}
    scaling.register_scalable_target(**dimension, MinCapacity=least, MaxCapacity=most)
    scaling.put_scaling_policy(
        **dimension,
        PolicyName="policy",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "PredefinedMetricSpecification": metric,
            "TargetValue": target,
            **tracking,
        },
    )
