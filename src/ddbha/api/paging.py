"""Pages of exports, imports and bulk operations; their tokens are sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ddbha.api.seals import SIZE, Seals
from ddbha.errors import ValidationException
from ddbha.recovery.transfer import AnyTransfer
from ddbha.region.region import Region

LARGEST_PAGE = 25
#: Tokens of imports have at least 112 hexadecimal digits, and a multiple of 16 of them.
_SHORTEST_TOKEN, _GROUP = 56, 8


def page_of(
    region: Region,
    transfers: Iterable[AnyTransfer],
    token: str | None,
    size: int,
    order: Callable[[str], Any] = str,
) -> tuple[list[AnyTransfer], str | None]:
    """One page in descending `order` of the ARNs, and the token of the next one if there is more.

    Raises `ValidationException` for a token that no page of this list had.
    """
    list_name, seals = region.environment.operation, region.environment.parts.the(Seals)
    last = None if token is None else order(_arn(seals, list_name, token))
    ordered = sorted(transfers, key=lambda transfer: order(transfer.arn), reverse=True)
    rest = [transfer for transfer in ordered if last is None or order(transfer.arn) < last]
    page = rest[:size]
    return page, _token(seals, list_name, page[-1].arn) if len(rest) > len(page) else None


def _token(seals: Seals, list_name: str, arn: str) -> str:
    length = max(_SHORTEST_TOKEN - SIZE, -(-len(arn) // _GROUP) * _GROUP)
    return seals.sealed(list_name, arn.encode().ljust(length, b"\0")).hex()


def _arn(seals: Seals, list_name: str, token: str) -> str:
    try:
        content = seals.opened(list_name, bytes.fromhex(token))
    except ValueError:
        content = None
    if content is None:
        raise ValidationException("Invalid NextToken")
    return content.decode().rstrip("\0")
