"""In which of its two wordings AWS says that a request is not valid.

In 2026 AWS moved its regions, operation by operation, to newer checks with words of their own: see
`constraints` for those of members, and here those of expressions and values.  What is here was recorded
from AWS by https://github.com/paritysuite/dynamodb-conformance (`tests/tier3`, October 2026, eu-west-2).
"""

from __future__ import annotations

from ddbha.errors import AwsError, InvalidValue, Reworded, ValidationException

ENVELOPE = "1 validation error detected: "
#: The operations whose values the newer checks read; Scan and BatchWriteItem have the older ones still.
_NEWER_VALUES = frozenset(
    {
        "BatchGetItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    }
)
#: What is said without an envelope even so: of values that have no type or two, and of sizes.
_BARE = ("Supplied AttributeValue ", "Item size ")


def of_request(error: ValidationException) -> ValidationException:
    """Say of an error that it lies in the expressions and values of a write, whatever the table is."""
    error.of_request = True
    return error


def word(error: AwsError, operation: str, *, older: bool) -> None:
    """Give an error the words of the wording that is wanted."""
    if older or not isinstance(error, ValidationException):
        return
    if isinstance(error, Reworded) and (
        operation in _NEWER_VALUES or not isinstance(error, InvalidValue)
    ):
        error.message = error.newer
    if error.of_request and not error.message.startswith(_BARE):
        error.message = ENVELOPE + error.message
        error.of_request = False
