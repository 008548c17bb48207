"""What DynamoDB answers instead of a result: its framework, requests for items, the whole service.

Codes and statuses: the exceptions of the service model, and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
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


class NotImplementedOperation(AwsError):
    """An operation of the service model that ddbha does not have."""

    code = "NotImplementedException"
    status = 501

    def __init__(self, service: str, operation: str) -> None:
        super().__init__(
            f"ddbha does not implement {service}:{operation} yet. The table of operations in its "
            "documentation lists what it does implement."
        )
