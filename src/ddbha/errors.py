"""Every error that leaves the engine.

`AwsError` and its subclasses are what DynamoDB answers: a code, a message, an HTTP status and, for a
few of them, extra members of the error body.  `DdbhaError` and its subclasses are misuses of ddbha's
own API.  `NoAnswer` is the third outcome a caller can meet: the request was sent and nothing came back.

Codes and statuses: the exceptions of the service model, and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from typing_extensions import Self

#: Where AWS's errors come from: the service itself, or the framework that it runs on.
_SERVICE = "com.amazonaws.dynamodb.v20120810"
_FRAMEWORK = "com.amazon.coral.service"
_VALIDATION = "com.amazon.coral.validate"


class AwsError(Exception):
    """An error as DynamoDB answers it.

    `fields` holds members of the error body besides the message, for example the `Item` of a failed
    condition or the `CancellationReasons` of a transaction.
    """

    code: ClassVar[str]
    status: ClassVar[int] = 400
    #: How the message member is spelled in the error body: most errors say `message`.
    message_member: str = "message"
    #: What stands before the code in the `__type` of the error body.
    namespace: ClassVar[str] = _SERVICE
    #: Whether an experiment of AWS Fault Injection Service is the cause.
    induced: bool = False

    def __init__(self, message: str = "", **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        self.fields: dict[str, Any] = fields

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            cls.code = cls.__name__

    def copied(self) -> Self:
        """The same error, to be kept: whoever is told this one may change what it holds."""
        twin = type(self).__new__(type(self), *self.args)
        twin.__dict__ = deepcopy(self.__dict__)
        return twin

    def body(self) -> dict[str, Any]:
        """The error as it is sent; one without a message has no member for it."""
        message = {self.message_member: self.message} if self.message else {}
        return {"__type": f"{self.namespace}#{self.code}", **message, **self.fields}


class ValidationException(AwsError):
    """The request breaks a rule of the API."""

    namespace = _VALIDATION
    #: Whether it was seen in the expressions and values of the request, before any table was looked at.
    of_request = False


class Reworded(ValidationException):
    """A refusal that AWS words otherwise, as `newer` says, where its newer checks run."""

    code = "ValidationException"

    def __init__(self, message: str, newer: str) -> None:
        super().__init__(message)
        self.newer = newer


class InvalidValue(Reworded):
    """An attribute value is none."""

    code = "ValidationException"


class SerializationException(AwsError):
    """The request cannot be read as the operation's input: a member has the wrong JSON type."""

    message_member = "Message"
    namespace = _FRAMEWORK


class UnknownOperationException(AwsError):
    """No operation has the name asked for."""

    namespace = _FRAMEWORK


class AccessDeniedException(AwsError):
    """The caller may not do this to that resource."""

    message_member = "Message"
    namespace = _FRAMEWORK


class UnrecognizedClientException(AwsError):
    """The credentials are not known."""

    namespace = _FRAMEWORK


class MissingAuthenticationTokenException(AwsError):
    """The request carries no credentials."""

    namespace = _FRAMEWORK


class IncompleteSignatureException(AwsError):
    """The credentials of the request lack a part, or it cannot be read."""

    namespace = _FRAMEWORK


class InvalidSignatureException(AwsError):
    """The signature of the request is not one for this service."""

    namespace = _FRAMEWORK


class ExpiredTokenException(AwsError):
    """The session token is past its time."""

    namespace = _FRAMEWORK


class ResourceNotFoundException(AwsError):
    """The table, index or stream does not exist, or is not active yet."""


class ResourceInUseException(AwsError):
    """The resource is being created, changed or deleted."""


class LimitExceededException(AwsError):
    """Too many control-plane operations at once, or too many decreases today."""


class ConditionalCheckFailedException(AwsError):
    """The condition of a single write does not hold."""

    def __init__(
        self,
        message: str = "The conditional request failed",
        *,
        item: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, **({} if item is None else {"Item": item}))
        if item is not None:
            # So spelled in answers that carry the item.
            self.message_member = "Message"


class ItemCollectionSizeLimitExceededException(AwsError):
    """An item collection of a table with a local secondary index would pass 10 GB."""


class TransactionCanceledException(AwsError):
    """A transaction was refused; `CancellationReasons` has one entry for each action, in order."""

    message_member = "Message"

    def __init__(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        codes = ", ".join(str(reason["Code"]) for reason in reasons)
        super().__init__(
            f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
            CancellationReasons=list(reasons),
        )


class TransactionConflictException(AwsError):
    """Another transaction holds the item."""


class TransactionInProgressException(AwsError):
    """A transaction with the same token has not ended yet."""

    message_member = "Message"


class IdempotentParameterMismatchException(AwsError):
    """A token was used again within ten minutes with other content."""

    message_member = "Message"


class DuplicateItemException(AwsError):
    """A PartiQL INSERT names a primary key that exists."""


class ProvisionedThroughputExceededException(AwsError):
    """A provisioned table, index or key range is out of capacity."""


class ThrottlingException(AwsError):
    """On-demand maximums and control-plane rates."""


class RequestLimitExceeded(AwsError):
    """The throughput quota of the account is used up."""


class InternalServerError(AwsError):
    """The service could not do it; the request may be tried again."""

    status = 500

    def __init__(self, message: str = "Internal server error", **fields: Any) -> None:
        super().__init__(message, **fields)


class InternalFailure(AwsError):
    """The framework could not read the request, for example a body that does not unpack."""

    status = 500
    namespace = _FRAMEWORK


class ServiceUnavailable(AwsError):
    """The service is not available at present; the request may be tried again."""

    status = 503

    def __init__(
        self,
        # As programs have met it.
        message: str = "Service AmazonDynamoDB is currently unavailable. Please try again",
        **fields: Any,
    ) -> None:
        super().__init__(message, **fields)


class PolicyNotFoundException(AwsError):
    """The resource has no resource-based policy."""


class BackupNotFoundException(AwsError):
    """No backup has that ARN."""


class BackupInUseException(AwsError):
    """The backup is being created, deleted or restored."""


class TableNotFoundException(AwsError):
    """The source table of a backup or restore does not exist."""


class TableAlreadyExistsException(AwsError):
    """The target table of a restore exists."""


class TableInUseException(AwsError):
    """The table is being created or deleted."""


class ContinuousBackupsUnavailableException(AwsError):
    """Backups are not enabled for the table yet."""


class PointInTimeRecoveryUnavailableException(AwsError):
    """Point-in-time recovery is not enabled for the source table."""


class InvalidRestoreTimeException(AwsError):
    """The time to restore to is outside the restorable window."""


class InvalidExportTimeException(AwsError):
    """The time to export is outside the window, or a period is too short, too long or in the future."""


class ExportNotFoundException(AwsError):
    """No export has that ARN."""


class ExportConflictException(AwsError):
    """A token was used again within eight hours for another export."""


class ImportNotFoundException(AwsError):
    """No import has that ARN."""


class ImportConflictException(AwsError):
    """A token was used again within eight hours for another import."""


class IndexNotFoundException(AwsError):
    """The table has no index of that name."""


class ReplicaNotFoundException(AwsError):
    """The global table has no replica in that region."""


class ReplicaAlreadyExistsException(AwsError):
    """The global table has a replica in that region."""


class GlobalTableNotFoundException(AwsError):
    """No global table has that name."""


class GlobalTableAlreadyExistsException(AwsError):
    """The global table exists."""


class ReplicatedWriteConflictException(AwsError):
    """Two regions of a strongly consistent global table wrote one item at once."""

    # By botocore's table of what is tried again.
    status = 409


class ObjectNotFoundException(AwsError):
    """Application Auto Scaling has no such target or policy."""


class InvalidNextTokenException(AwsError):
    """Application Auto Scaling gave no such token."""


class TrimmedDataAccessException(AwsError):
    """The stream record asked for is older than 24 hours."""


class ExpiredIteratorException(AwsError):
    """The shard iterator is older than 15 minutes."""


class NotImplementedOperation(AwsError):
    """An operation of the service model that ddbha does not have."""

    code = "NotImplementedException"
    status = 501

    def __init__(self, service: str, operation: str) -> None:
        super().__init__(
            f"ddbha does not implement {service}:{operation} yet. The table of operations in its "
            "documentation lists what it does implement."
        )


class NoAnswer(Exception):
    """The answer to a request is lost; whether it was done is known only to the engine.

    `kind` is what the client sees: read_timeout, connect_timeout, endpoint_connection or
    connection_closed.  It `waits` for as long as its own timeouts say, or is let go at once.
    """

    def __init__(self, kind: str, *, waits: bool = True) -> None:
        super().__init__(kind)
        self.kind = kind
        self.waits = waits


class FromOutside(Exception):
    """A function that a test handed over raised its `error` while a request was answered."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


class DdbhaError(Exception):
    """A misuse of ddbha's own API; the message says what is possible."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about a name that there is not: what may have been meant."""
    near = get_close_matches(name, sorted(known), 2)
    return f" Did you mean {' or '.join(near)}?" if near else ""


class FaultMetNothing(UserWarning):
    """A test began a fault that met no request, no replica and no link: it shows nothing."""


class ClockError(DdbhaError):
    """A clock was asked for something it cannot do."""


class UnsettledError(DdbhaError):
    """Something that was due came up again and again at one moment; it says what: a fault of ddbha."""


class UnknownPlaceError(DdbhaError):
    """No zone, region, table, partition or index has that name."""


class UsageError(DdbhaError):
    """An argument or a call that makes no sense at this point."""


class WorldFileError(DdbhaError):
    """A file is no world that was saved, or not a whole one."""


class InvariantError(DdbhaError):
    """`World.verify` found something that must never happen."""


def error_class(code: str) -> type[AwsError] | None:
    """The class of the AWS error with `code`, if it is one that ddbha knows."""
    return _BY_CODE.get(code)


def error_codes() -> list[str]:
    """The codes of all AWS errors that ddbha knows, sorted."""
    return sorted(_BY_CODE)


_BY_CODE: dict[str, type[AwsError]] = {cls.code: cls for cls in AwsError.__subclasses__()}
