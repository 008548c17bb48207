"""The service models that AWS publishes with botocore: what requests look like."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.loaders import create_loader
from botocore.model import ServiceModel, Shape, StructureShape

from ddbha.errors import NotImplementedOperation

#: What the service asks for whatever the installed model says: newer models leave some of it to the
#: service, and none says that an index that shall be scaled is named.
_REQUIRED = {
    "CreateTableInput": ("AttributeDefinitions", "TableName", "KeySchema"),
    "GlobalSecondaryIndexAutoScalingUpdate": ("IndexName",),
    "ReplicaGlobalSecondaryIndexAutoScalingUpdate": ("IndexName",),
}
_MOST = {"KeySchema": 2}


@cache
def service_model(service: str) -> ServiceModel:
    """The model of `dynamodb` or `dynamodbstreams`; loading one takes some milliseconds, once."""
    model = create_loader().load_service_model(service, "service-2")
    _tell_keys_apart(model["shapes"])
    return ServiceModel(model, service)


def _tell_keys_apart(shapes: dict[str, Any]) -> None:
    """Bound the keys of tables and local indexes, as the service does; global indexes may have more.

    Older models bound both, newer ones neither.
    """
    if "GlobalSecondaryIndex" in shapes:
        unbounded = {name: value for name, value in shapes["KeySchema"].items() if name != "max"}
        shapes["GlobalKeySchema"] = unbounded
        shapes["KeySchema"] = {**unbounded, "max": 2}
        for owner in ("GlobalSecondaryIndex", "CreateGlobalSecondaryIndexAction"):
            member = shapes[owner]["members"]["KeySchema"]
            shapes[owner]["members"]["KeySchema"] = {**member, "shape": "GlobalKeySchema"}


@cache
def input_shape(service: str, operation: str) -> StructureShape | None:
    """The members that a request of an operation may have; None if it has none.

    Raises `NotImplementedOperation` for an operation that the installed model is too old to know.
    """
    model = service_model(service)
    if operation not in model.operation_names:
        raise NotImplementedOperation(service, operation)
    return model.operation_model(operation).input_shape


@cache
def can_disassociate() -> bool:
    """Whether the installed model knows of replicas that leave a global table and stay."""
    shape = service_model("dynamodb").shape_for("TableDescription")
    return isinstance(shape, StructureShape) and "DisassociationProtectionEnabled" in shape.members


def required_members(shape: Shape) -> tuple[str, ...]:
    """The members without which a structure is not valid."""
    required: tuple[str, ...] = tuple(shape.metadata.get("required", ()))
    return _REQUIRED.get(shape.name, required)


def most(shape: Shape) -> Any:
    """The greatest length or value, None if there is none."""
    return _MOST.get(shape.name, shape.metadata.get("max"))


@cache
def regions_of_service() -> tuple[str, ...]:
    """The names of the regions that have DynamoDB, in order."""
    partitions = create_loader().load_data("endpoints")["partitions"]
    return tuple(
        sorted(
            name
            for partition in partitions
            if partition["partition"] == "aws"
            for name in partition["services"]["dynamodb"]["endpoints"]
            if name in partition["regions"]
        )
    )
