"""Pages of exports and imports."""

from __future__ import annotations

from collections.abc import Iterable

from ddbha.errors import ValidationException
from ddbha.recovery.transfer import AnyTransfer

_LARGEST_PAGE = 25


def page_of(
    transfers: Iterable[AnyTransfer], token: str | None, size: int | None
) -> tuple[list[AnyTransfer], str | None]:
    """One page in descending order of the ARNs, and the token of the next one if there is more."""
    if token is not None and not token.startswith("arn:"):
        raise ValidationException("Invalid NextToken")
    ordered = sorted(transfers, key=lambda transfer: transfer.arn, reverse=True)
    rest = [transfer for transfer in ordered if token is None or transfer.arn < token]
    page = rest[: size or _LARGEST_PAGE]
    return page, page[-1].arn if len(rest) > len(page) else None
