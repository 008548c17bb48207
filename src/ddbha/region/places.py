"""Names of regions and zones.

https://docs.aws.amazon.com/general/latest/gr/ddb.html
"""

from __future__ import annotations

import re
from collections.abc import Collection

from ddbha.errors import UnknownPlaceError, did_you_mean

ZONE_LETTERS = "abc"

#: The regions that have DynamoDB in AWS's partition `aws`, in order.
COMMERCIAL = tuple(
    name
    for line in (
        "af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1",
        "ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5",
        "ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 eu-central-1 eu-central-2",
        "eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1",
        "me-south-1 mx-central-1 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2",
    )
    for name in line.split()
)
#: Those of all partitions.
REGIONS = frozenset(COMMERCIAL) | frozenset(
    name
    for line in (
        "cn-north-1 cn-northwest-1 us-gov-east-1 us-gov-west-1 eusc-de-east-1 us-iso-east-1",
        "us-iso-west-1 us-isob-east-1 us-isob-west-1 us-isof-east-1 us-isof-south-1 eu-isoe-west-1",
    )
    for name in line.split()
)
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d+")


def is_region(name: str) -> bool:
    """Whether a region could have this name."""
    return _REGION.fullmatch(name) is not None


def zones_of(region: str) -> tuple[str, ...]:
    """The zones of a region."""
    return tuple(region + letter for letter in ZONE_LETTERS)


def check_region(*names: str, more: Collection[str] = ()) -> None:
    """Raise `UnknownPlaceError` for what is no region of AWS, nor one of those that are known besides."""
    for name in names:
        if name in REGIONS or name in more:
            continue
        hint = did_you_mean(name, {*REGIONS, *more}) or " Regions are named like us-east-1."
        raise UnknownPlaceError(
            f"There is no region {name!r}.{hint} World(more_regions=[{name!r}]) knows it all the same."
        )


def region_of(zone: str, more: Collection[str] = ()) -> str:
    """The region that a zone is in; `UnknownPlaceError` for what is no zone."""
    region, letter = zone[:-1], zone[-1:]
    if letter not in tuple(ZONE_LETTERS) or not is_region(region):
        raise UnknownPlaceError(
            f"There is no zone {zone!r}. Zones are a region's name and one of the letters "
            f"{', '.join(ZONE_LETTERS)}, for example {', '.join(zones_of('us-east-1'))}."
        )
    check_region(region, more=more)
    return region
