"""Names of regions and zones.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
"""

from __future__ import annotations

import re

from ddbha.errors import UnknownPlaceError

ZONE_LETTERS = "abc"

_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+")


def is_region(name: str) -> bool:
    """Whether a region could have this name."""
    return _REGION.fullmatch(name) is not None


def zones_of(region: str) -> tuple[str, ...]:
    """The zones of a region."""
    return tuple(region + letter for letter in ZONE_LETTERS)


def check_region(*names: str) -> None:
    """Raise `UnknownPlaceError` for what cannot be a region."""
    for name in names:
        if not is_region(name):
            raise UnknownPlaceError(f"There is no region {name!r}; regions are named like us-east-1.")


def region_of(zone: str) -> str:
    """The region that a zone is in; `UnknownPlaceError` for what cannot be a zone."""
    if zone[-1:] not in tuple(ZONE_LETTERS) or not is_region(zone[:-1]):
        raise UnknownPlaceError(
            f"There is no zone {zone!r}. Zones are a region's name and one of the letters "
            f"{', '.join(ZONE_LETTERS)}, for example {', '.join(zones_of('us-east-1'))}."
        )
    return zone[:-1]
