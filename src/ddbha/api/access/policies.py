"""Resource-based policies: the JSON document, and what it says about a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import Factory, define, frozen

from ddbha.errors import AccessDeniedException, ValidationException

#: Bytes of a document, whitespace included.
MAXIMUM_SIZE = 20 * 1024

_INVALID = "One or more parameter values were invalid: "
_ACCOUNT = re.compile("[0-9]{12}")
_ORDER = ("Version", "Id", "Statement")
_STATEMENT_ORDER = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
#: What conditions may be about, in lower case.
CONDITION_KEYS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:sourceaccount",
        "aws:sourcearn",
    }
)


@define(eq=False)
class Policies:
    """The policies of a world by the ARN of the table or stream, and the revision of each last change."""

    by_arn: dict[str, Policy] = Factory(dict)
    changes: dict[str, str] = Factory(dict)

    def forget(self, arn: str) -> None:
        """A table is gone, and with it what was allowed to others, of its streams too."""
        for kept in (self.by_arn, self.changes):
            for known in list(kept):
                if known == arn or known.startswith(f"{arn}/"):
                    del kept[known]


@frozen
class Access:
    """Something that an account wants to do to a resource in a region."""

    account_id: str
    #: Like `dynamodb:GetItem`.
    action: str
    resource: str
    region: str

    @property
    def principal(self) -> str:
        """The ARN of who asks: the account itself, since a world knows neither users nor roles."""
        return f"arn:aws:iam::{self.account_id}:root"

    def context(self) -> dict[str, str]:
        """The values of the condition keys."""
        return {
            "aws:principalaccount": self.account_id,
            "aws:principalarn": self.principal,
            "aws:requestedregion": self.region,
            "aws:securetransport": "true",
        }

    def denied(self) -> AccessDeniedException:
        """The error for what a policy denies."""
        return AccessDeniedException(
            f"User: {self.principal} is not authorized to perform: {self.action} on resource: "
            f"{self.resource} with an explicit deny in a resource-based policy"
        )

    def is_by(self, principals: Mapping[str, Any]) -> bool:
        """Whether who asks is among those that a statement names."""
        return self.principal in _list(principals.get("AWS"))


@frozen
class ServiceAccess:
    """Something that a service of AWS wants to do to a resource, for the sake of another one."""

    #: Like `replication.dynamodb.amazonaws.com`.
    service: str
    action: str
    resource: str
    source_arn: str

    def context(self) -> dict[str, str]:
        """The values of the condition keys; a service has no account."""
        return {
            "aws:requestedregion": self.resource.split(":")[3],
            "aws:securetransport": "true",
            "aws:sourceaccount": self.source_arn.split(":")[4],
            "aws:sourcearn": self.source_arn,
        }

    def is_by(self, principals: Mapping[str, Any]) -> bool:
        """Whether the service is among those that a statement names."""
        return self.service in _list(principals.get("Service"))


@frozen(eq=False)
class Policy:
    """A policy of a table or a stream.  Equivalent documents have one `text`."""

    text: str
    statements: tuple[dict[str, Any], ...]
    #: The time of the change, in milliseconds since the epoch.
    revision_id: str = ""

    @classmethod
    def read(cls, text: str, actions: Iterable[str], revision_id: str = "") -> Policy:
        """The policy that a document describes; `actions` are those that there are.

        Raises `ValidationException` for what is no policy, and for conditions that ddbha cannot judge.
        """
        if len(text.encode("utf-8", "surrogatepass")) > MAXIMUM_SIZE:
            raise ValidationException(f"{_INVALID}Maximum policy size of {MAXIMUM_SIZE} bytes exceeded")
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise _refusal("This policy contains invalid Json") from None
        if not isinstance(document, dict):
            raise _refusal("This policy contains invalid Json")
        given = document.get("Statement", [])
        given = given if isinstance(given, list) else [given]
        if not given:
            raise _refusal("Could not parse the policy: Statement is empty!")
        statements = [_statement(statement, frozenset(actions)) for statement in given]
        sids = [statement["Sid"] for statement in statements if "Sid" in statement]
        if len(set(sids)) != len(sids):
            raise _refusal("The Statement Ids in the policy are not unique")
        canonical = {**document, "Statement": statements}
        ordered = {name: canonical[name] for name in _ORDER if name in canonical}
        return cls(json.dumps(ordered, separators=(",", ":")), tuple(statements), revision_id)

    def shown(self) -> str:
        """The document as it is given back."""
        if self.text.startswith('{"Version":'):
            return self.text
        return '{"Version":"2008-10-17",' + self.text[1:]

    def decide(self, access: Access | ServiceAccess) -> bool | None:
        """True for allowed, False for denied, None if no statement is about it; a denial wins."""
        effects = {statement["Effect"] for statement in self.statements if _is_about(statement, access)}
        return False if "Deny" in effects else (True if "Allow" in effects else None)


def _refusal(what: str) -> ValidationException:
    return ValidationException(f"{_INVALID}Invalid policy document: {what}")


def _statement(given: Any, actions: frozenset[str]) -> dict[str, Any]:
    """A statement in canonical form: members in order, and lists of one element as the element."""
    if not isinstance(given, dict) or not given:
        raise _refusal("Could not parse the policy: Statement is empty!")
    for member in given:
        if member not in _STATEMENT_ORDER:
            raise _refusal(f"Syntax error: unknown element {member}")
    for member in ("Effect", "Principal", "Action", "Resource"):
        if member not in given and f"Not{member}" not in given:
            raise _refusal(f"Missing required field {member}")
    for member in ("Principal", "Action", "Resource"):
        if member in given and f"Not{member}" in given:
            raise _refusal(f"Statement/policy already has instance of {member}")
    effect = str(given["Effect"]).capitalize()
    if effect not in ("Allow", "Deny"):
        raise _refusal(f"Invalid effect: {given['Effect']}")
    if not isinstance(given.get("Sid", ""), str):
        raise _refusal("Syntax error: Sid is no text")
    if effect == "Allow" and "NotPrincipal" in given:
        raise _refusal("Allow with NotPrincipal is not allowed.")
    statement = {name: given[name] for name in _STATEMENT_ORDER if name in given}
    statement["Effect"] = effect
    for member in ("Action", "NotAction", "Resource", "NotResource"):
        if member in statement:
            statement[member] = _texts(statement[member], member)
    unknown = [
        action
        for action in _list(statement.get("Action", statement.get("NotAction")))
        if action != "*" and not _is_action(action, actions)
    ]
    if unknown:
        names = ", ".join(f'"{name}"' for name in unknown)
        raise _refusal(f"The following action names are invalid: {names}")
    for member in ("Principal", "NotPrincipal"):
        if member in statement:
            statement[member] = _principal(statement[member])
    _check_conditions(statement.get("Condition", {}))
    if effect == "Allow" and _is_anybody(statement.get("Principal")) and not _asks(statement):
        raise ValidationException(
            "Resource-based policy grants unbounded access in one or more elements. Please revise the "
            "policy to ensure least-privilege form of access"
        )
    return statement


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(value: Any, member: str) -> Any:
    values = _list(value)
    if not values or not all(isinstance(text, str) for text in values):
        raise _refusal(f"Missing required field {member}")
    return values[0] if len(values) == 1 else values


def _is_action(action: str, known: frozenset[str]) -> bool:
    service, _, name = action.partition(":")
    if service.lower() != "dynamodb" or not name:
        return False
    return any(_matches(name.lower(), candidate.lower()) for candidate in known)


def _principal(value: Any) -> Any:
    if value == "*":
        return value
    if not isinstance(value, dict) or not value:
        raise ValidationException(f"{_INVALID}Invalid principal in policy document.")
    found: dict[str, Any] = {}
    for kind, names in value.items():
        texts = _list(_texts(names, "Principal"))
        if kind == "AWS":
            texts = [f"arn:aws:iam::{t}:root" if _ACCOUNT.fullmatch(t) else t for t in texts]
            if any(text != "*" and not text.startswith("arn:") for text in texts):
                raise ValidationException(f"{_INVALID}Invalid principal in policy document.")
        texts = list(dict.fromkeys(texts))
        found[kind] = texts[0] if len(texts) == 1 else texts
    return found


def _is_anybody(principal: Any) -> bool:
    return principal == "*" or (isinstance(principal, dict) and "*" in _list(principal.get("AWS")))


def _check_conditions(conditions: Any) -> None:
    if not isinstance(conditions, dict):
        raise _refusal("Syntax error: Condition is no object")
    for operator, tests in conditions.items():
        if _plain(operator) not in _OPERATORS:
            raise ValidationException(
                f"ddbha does not implement the condition operator {operator} of resource-based policies; "
                f"it has {', '.join(_OPERATORS)}"
            )
        if not isinstance(tests, dict):
            raise _refusal(f"Syntax error: {operator} is no object")
        for key, values in tests.items():
            if key.lower() not in CONDITION_KEYS:
                raise ValidationException(
                    f"ddbha does not implement the condition key {key} of resource-based policies; it "
                    f"has {', '.join(sorted(CONDITION_KEYS))}"
                )
            if not all(isinstance(value, (str, bool)) for value in _list(values)):
                raise _refusal(f"Syntax error: {key} is compared with something else than text")


def _asks(statement: Mapping[str, Any]) -> bool:
    """Whether the conditions of a statement, which were checked, compare anything with anything."""
    conditions = statement.get("Condition", {})
    return any(_list(values) for tests in conditions.values() for values in tests.values())


def _plain(operator: str) -> str:
    return operator.removesuffix("IfExists")


def _is_about(statement: Mapping[str, Any], access: Access | ServiceAccess) -> bool:
    if "Principal" in statement:
        about = _names_principal(statement["Principal"], access)
    else:
        about = not _names_principal(statement["NotPrincipal"], access)
    action = access.action.lower()
    if "Action" in statement:
        about = about and any(_matches(a.lower(), action) for a in _list(statement["Action"]))
    else:
        about = about and not any(_matches(a.lower(), action) for a in _list(statement["NotAction"]))
    if "Resource" in statement:
        about = about and any(_matches(r, access.resource) for r in _list(statement["Resource"]))
    else:
        about = about and not any(_matches(r, access.resource) for r in _list(statement["NotResource"]))
    return about and _holds(statement.get("Condition", {}), access.context())


def _names_principal(principal: Any, access: Access | ServiceAccess) -> bool:
    return _is_anybody(principal) or access.is_by(principal)


def _holds(conditions: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    for operator, tests in conditions.items():
        compare, negated = _OPERATORS[_plain(operator)]
        for key, values in tests.items():
            actual = context.get(key.lower())
            if actual is None and operator != _plain(operator):
                continue
            found = actual is not None and any(compare(_text(v), actual) for v in _list(values))
            if found == negated:
                return False
    return True


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _matches(wildcards: str, text: str) -> bool:
    """Whether `*` and `?` can stand for something that makes the texts equal; in bounded time."""
    at = position = 0
    # Where the last `*` is, and how much of the text it has stood for.
    star, taken = -1, 0
    while position < len(text):
        if at < len(wildcards) and wildcards[at] == "*":
            star, taken = at, position
            at += 1
        elif at < len(wildcards) and wildcards[at] in ("?", text[position]):
            at += 1
            position += 1
        elif star >= 0:
            taken += 1
            at, position = star + 1, taken
        else:
            return False
    return wildcards[at:].strip("*") == ""


def _equals(expected: str, actual: str) -> bool:
    return expected == actual


def _equals_ignoring_case(expected: str, actual: str) -> bool:
    return expected.lower() == actual.lower()


#: For each operator how it compares, and whether it holds where nothing compares.
_OPERATORS = {
    "StringEquals": (_equals, False),
    "StringNotEquals": (_equals, True),
    "StringEqualsIgnoreCase": (_equals_ignoring_case, False),
    "StringNotEqualsIgnoreCase": (_equals_ignoring_case, True),
    "StringLike": (_matches, False),
    "StringNotLike": (_matches, True),
    "ArnEquals": (_matches, False),
    "ArnNotEquals": (_matches, True),
    "ArnLike": (_matches, False),
    "ArnNotLike": (_matches, True),
    "Bool": (_equals_ignoring_case, False),
}
