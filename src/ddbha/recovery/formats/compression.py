"""GZIP, ZSTD and NONE."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from io import BytesIO

from ddbha.errors import UsageError
from ddbha.recovery.formats import MalformedFile

#: Bytes that are unpacked at once, and packed bytes of which that is done.
_PIECE = 1024 * 1024
_PACKED_PIECE = 1024


class TooLarge(Exception):
    """A file unpacks to more than is allowed."""


def compressed(data: bytes) -> bytes:
    """Data as GZIP, the same bytes for the same data whenever it is made."""
    return gzip.compress(data, mtime=0)


def decompressed(data: bytes, kind: str, limit: float) -> bytes:
    """What data of a kind holds.

    Raises `MalformedFile` if it is not of that kind or ends early, `TooLarge` if it has more than
    `limit` bytes, and `UsageError` for ZSTD if the package for it is not installed.
    """
    if kind == "GZIP":
        pieces = _of_gzip(data)
    elif kind == "ZSTD":
        pieces = _of_zstandard(data)
    else:
        pieces = iter((data,))
    found = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise TooLarge
        found.append(piece)
    return b"".join(found)


def require(kind: str) -> None:
    """Raise `UsageError` if a kind of compression cannot be read here."""
    if kind == "ZSTD":
        try:
            import zstandard  # noqa: F401
        except ImportError as error:
            raise UsageError("ZSTD needs a package: pip install 'ddbha[zstd]'") from error


def _of_gzip(data: bytes) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as unpacking:
            while piece := unpacking.read(_PIECE):
                yield piece
    except (OSError, EOFError, zlib.error) as error:
        raise MalformedFile(f"not a GZIP file: {error}") from error


def _of_zstandard(data: bytes) -> Iterator[bytes]:
    require("ZSTD")
    import zstandard

    frame = None
    try:
        # What a frame holds comes in one piece for each piece of it: these hold some 32 MB at most.
        for start in range(0, len(data), _PACKED_PIECE):
            rest = data[start : start + _PACKED_PIECE]
            while rest:
                frame = frame or zstandard.ZstdDecompressor().decompressobj()
                yield frame.decompress(rest)
                rest = frame.unused_data if frame.eof else b""
                frame = None if frame.eof else frame
    except zstandard.ZstdError as error:
        raise MalformedFile(f"not a ZSTD file: {error}") from error
    if frame is not None:
        raise MalformedFile("a ZSTD file that ends early")
