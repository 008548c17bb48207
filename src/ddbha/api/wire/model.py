"""The service models that AWS publishes: what requests and answers look like.

They are kept here, as botocore had them at the version that `model_version` names, so that the service
reads, checks and answers the same whatever botocore is installed; `make models` brings them up to date.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape, StructureShape

from ddbha.errors import NotImplementedOperation

#: The services that there are, with their titles.
SERVICES = {
    "dynamodb": "DynamoDB",
    "dynamodbstreams": "DynamoDB Streams",
    "application-autoscaling": "Application Auto Scaling",
}
#: Where the models lie, as botocore's loaders search for them.
MODELS = Path(__file__).with_name("models")

#: What the service asks for beyond its model, which does not say either that an index that shall be
#: scaled is named.  A replica in another account is defined by the source that is named instead.
_REQUIRED = {
    "CreateTableInput": ("AttributeDefinitions", "TableName", "KeySchema"),
    "GlobalSecondaryIndexAutoScalingUpdate": ("IndexName",),
    "ReplicaGlobalSecondaryIndexAutoScalingUpdate": ("IndexName",),
}


@cache
def loader() -> Loader:
    """A loader that finds these models first, and what they lack in the installed botocore."""
    return Loader(extra_search_paths=[str(MODELS)])


@cache
def service_model(service: str) -> ServiceModel:
    """The model of one of `SERVICES`; reading one takes some milliseconds, once."""
    model = loader().load_service_model(service, "service-2")
    if service == "dynamodb":
        model = {**model, "shapes": {**model["shapes"], **_bounded_keys(model["shapes"])}}
    return ServiceModel(model, service)


def model_version(service: str) -> str:
    """Whose model it is, for example `botocore 1.44.8`."""
    version: str = service_model(service).metadata["source"]
    return version


def _bounded_keys(shapes: dict[str, Any]) -> dict[str, Any]:
    """The keys of tables and local indexes are bounded by the service; global indexes may have more."""
    found = {"KeySchema": {**shapes["KeySchema"], "max": 2}, "GlobalKeySchema": shapes["KeySchema"]}
    for owner in ("GlobalSecondaryIndex", "CreateGlobalSecondaryIndexAction"):
        members = shapes[owner]["members"]
        keys = {**members["KeySchema"], "shape": "GlobalKeySchema"}
        found[owner] = {**shapes[owner], "members": {**members, "KeySchema": keys}}
    return found


@cache
def input_shape(service: str, operation: str) -> StructureShape | None:
    """The members that a request of an operation may have; None if it has none.

    Raises `NotImplementedOperation` for an operation that the model does not know.
    """
    model = service_model(service)
    if operation not in model.operation_names:
        raise NotImplementedOperation(service, operation)
    return model.operation_model(operation).input_shape


def output_shape(service: str, operation: str) -> StructureShape | None:
    """The members that an answer of an operation may have; None if it has none."""
    return service_model(service).operation_model(operation).output_shape


def required_members(shape: Shape, given: Collection[str] = ()) -> tuple[str, ...]:
    """The members without which a structure, of which others are `given`, is not valid."""
    required: tuple[str, ...] = tuple(shape.metadata.get("required", ()))
    if "GlobalTableSourceArn" in given:
        return required
    return _REQUIRED.get(shape.name, required)
