"""moto beside ddbha: its S3 is where exports go and imports come from while both are active."""

from __future__ import annotations

import sys
from typing import Any

import boto3

from ddbha.recovery.objects import ObjectStore, S3Objects


def moto_s3() -> ObjectStore | None:
    """The S3 of moto; None while moto is not active."""
    core: Any = sys.modules.get("moto.core.models")
    if core is None or not core.botocore_stubber.enabled:
        return None
    # Made now, so that it has moto's handlers; its buckets are there for all regions.
    return S3Objects(boto3.client("s3", region_name="us-east-1"))
