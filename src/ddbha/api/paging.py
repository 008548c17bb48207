"""Pages of exports and imports."""

from __future__ import annotations

from collections.abc import Iterable

from ddbha.errors import ValidationException
from ddbha.recovery.transfer import AnyTransfer

_LARGEST_PAGE = 25
#: Tokens of imports have at least 112 hexadecimal digits, and a multiple of 16 of them.
_SHORTEST_TOKEN, _GROUP = 56, 8


def page_of(
    transfers: Iterable[AnyTransfer], token: str | None, size: int | None
) -> tuple[list[AnyTransfer], str | None]:
    """One page in descending order of the ARNs, and the token of the next one if there is more.

    Raises `ValidationException` for a token that no page had.
    """
    last = None if token is None else _arn(token)
    ordered = sorted(transfers, key=lambda transfer: transfer.arn, reverse=True)
    rest = [transfer for transfer in ordered if last is None or transfer.arn < last]
    page = rest[: size or _LARGEST_PAGE]
    return page, _token(page[-1].arn) if len(rest) > len(page) else None


def _token(arn: str) -> str:
    length = max(_SHORTEST_TOKEN, -(-len(arn) // _GROUP) * _GROUP)
    return arn.encode().ljust(length, b"\0").hex()


def _arn(token: str) -> str:
    try:
        arn = bytes.fromhex(token).decode().rstrip("\0")
    except ValueError:
        arn = ""
    if not arn.startswith("arn:"):
        raise ValidationException("Invalid NextToken")
    return arn
