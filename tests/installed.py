"""What the clients of the installed boto3 know: tests of what they do not know yet are skipped."""

from __future__ import annotations

from functools import cache

import botocore
import pytest
from botocore.loaders import create_loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(create_loader().load_service_model(service, "service-2"), service)


def knows(path: str, service: str = "dynamodb") -> bool:
    """Whether clients know a path such as `CreateTable.GlobalSecondaryIndexes.WarmThroughput`.

    It begins with an operation, or with the name of any other shape.
    """
    model = _model(service)
    first, *members = path.split(".")
    shape: Shape | None
    if first in model.operation_names:
        shape = model.operation_model(first).input_shape
    elif first in model.shape_names:
        shape = model.shape_for(first)
    else:
        return False
    for member in members:
        while isinstance(shape, (ListShape, MapShape)):
            shape = shape.member if isinstance(shape, ListShape) else shape.value
        if not isinstance(shape, StructureShape) or member not in shape.members:
            return False
        shape = shape.members[member]
    return True


def needs(path: str, service: str = "dynamodb") -> pytest.MarkDecorator:
    """Skip a test unless clients know a path."""
    reason = f"clients of botocore {botocore.__version__} do not know {path}"
    return pytest.mark.skipif(not knows(path, service), reason=reason)
