"""The keys of KMS that tables name: which is whose, and how they are shown.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html
"""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID

from ddbha.region.table import Table

#: The key that AWS manages for an account in each region.
MANAGED = "alias/aws/dynamodb"


def is_customers(key: str | None) -> bool:
    """Whether a key is the customer's own, and not the one that AWS manages."""
    return key is not None and not key.endswith(MANAGED)


def note_key(table: Table) -> None:
    """Let the other replicas of a table show the key that this one is encrypted with."""
    if table.membership is not None:
        encryption = table.settings.encryption or {}
        shown = table.membership.overrides
        shown.pop("KMSMasterKeyId", None)
        if encryption.get("Enabled"):
            shown["KMSMasterKeyId"] = key_arn(table, encryption.get("KMSMasterKeyId"))


def key_arn(table: Table, key: str | None) -> str:
    """The ARN of the key of an encrypted table: the account's own key if none is named."""
    if key is not None and key.startswith("arn:"):
        return key
    place = ":".join(table.arn.split(":")[3:5])
    if key is None:
        digest = blake2b(place.encode(), digest_size=16).digest()
        key = str(UUID(bytes=digest, version=4))
    return f"arn:aws:kms:{place}:{key if key.startswith('alias/') else f'key/{key}'}"
