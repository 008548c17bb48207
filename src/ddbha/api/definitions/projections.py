"""What indexes project, as requests define it."""

from __future__ import annotations

from typing import Any

from ddbha.errors import ValidationException
from ddbha.followers.secondary_indexes import IndexProjection

INVALID = "One or more parameter values were invalid: "


def projection(definition: dict[str, Any]) -> IndexProjection:
    """What an index projects."""
    given = definition["Projection"]
    if "ProjectionType" not in given:
        raise ValidationException(f"{INVALID}Unknown ProjectionType: null")
    names = tuple(given.get("NonKeyAttributes", ()))
    kind = given["ProjectionType"]
    if names and kind != "INCLUDE":
        raise ValidationException(f"{INVALID}ProjectionType is {kind}, but NonKeyAttributes is specified")
    if kind == "INCLUDE" and not names:
        raise ValidationException(
            f"{INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified"
        )
    return IndexProjection(kind, names)
