"""Who asks, according to a request's signature.

Any key and any signature will do, but they have to be there and in their form: the region comes from the
credential scope, and an access key id of twelve digits is the account.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ddbha.api.registry import Caller
from ddbha.boto.clients import account_of_key
from ddbha.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
)
from ddbha.region.places import REGIONS
from ddbha.settings import Settings

_ALGORITHM = "AWS4-HMAC-SHA256"
_IN_HEADER = ("Credential", "Signature", "SignedHeaders")
_IN_QUERY = ("Algorithm", "Credential", "Signature", "SignedHeaders", "Date")


def caller(
    headers: Mapping[str, str], query: Mapping[str, str], settings: Settings, service: str
) -> Caller:
    """The region and the account that a request is signed for; that of the world if its key names none.

    `service` is the name that requests to it are signed with.  Header names are in any case.  Raises
    `MissingAuthenticationTokenException`, `IncompleteSignatureException` or `InvalidSignatureException`.
    """
    authorization = headers.get("authorization", "").strip()
    if "X-Amz-Algorithm" in query:
        if authorization:
            raise InvalidSignatureException(
                "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
            )
        algorithm, credential = _of_query(query)
    elif authorization.startswith("AWS4-"):
        algorithm, credential = _of_header(authorization, headers)
    else:
        raise MissingAuthenticationTokenException("Request is missing Authentication Token")
    if algorithm != _ALGORITHM:
        raise IncompleteSignatureException(
            f"Unsupported AWS 'algorithm': '{algorithm}' (only {_ALGORITHM} for now). "
        )
    key, region = _scope(credential, settings.more_regions, service)
    return Caller(account_of_key(key) or settings.account_id, region)


def _of_header(authorization: str, headers: Mapping[str, str]) -> tuple[str, str]:
    algorithm, *parts = [part for part in authorization.replace(",", " ").split(" ") if part]
    for part in parts:
        if "=" not in part:
            raise IncompleteSignatureException(
                f"'{part}' not a valid key=value pair (missing equal-sign) in Authorization header: "
                f"'{authorization}'."
            )
    given = dict(part.split("=", 1) for part in parts)
    missing = [
        f"Authorization header requires '{name}' parameter. "
        for name in _IN_HEADER
        if not given.get(name)
    ]
    if "x-amz-date" not in headers and "date" not in headers:
        missing.append(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
        )
    if missing:
        raise IncompleteSignatureException("".join(missing) + f"Authorization={authorization}")
    return algorithm, given["Credential"]


def _of_query(query: Mapping[str, str]) -> tuple[str, str]:
    missing = [f"X-Amz-{name}" for name in _IN_QUERY if not query.get(f"X-Amz-{name}")]
    if missing:
        raise IncompleteSignatureException(
            "".join(f"AWS query-string parameters must include '{name}'. " for name in missing)
            + "Re-examine the query-string parameters."
        )
    return query["X-Amz-Algorithm"], query["X-Amz-Credential"]


def _scope(credential: str, more_regions: Collection[str], expected: str) -> tuple[str, str]:
    """The access key id and the region of a credential."""
    elements = credential.rstrip("/").split("/")
    if len(elements) != 5:
        raise IncompleteSignatureException(
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            f"keyid/date/region/service/term, got '{credential}'"
        )
    key, _, region, service, terminator = elements
    wrong = ""
    if region not in REGIONS and region not in more_regions:
        wrong += f"Credential should be scoped to a valid region, not '{region}'. "
    if service != expected:
        wrong += f"Credential should be scoped to correct service: '{expected}'. "
    if terminator != "aws4_request":
        wrong += (
            f"Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'. "
        )
    if wrong:
        raise InvalidSignatureException(wrong)
    return key, region
