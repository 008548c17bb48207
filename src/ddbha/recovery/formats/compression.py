"""GZIP, ZSTD and NONE."""

from __future__ import annotations

import gzip
import zlib

from ddbha.errors import UsageError
from ddbha.recovery.formats import MalformedFile


def compressed(data: bytes) -> bytes:
    """Data as GZIP, the same bytes for the same data whenever it is made."""
    return gzip.compress(data, mtime=0)


def decompressed(data: bytes, kind: str) -> bytes:
    """What data of a kind holds.

    Raises `MalformedFile` if it is not of that kind, and `UsageError` for ZSTD if the package for it is
    not installed.
    """
    if kind == "GZIP":
        try:
            return gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise MalformedFile(f"not a GZIP file: {error}") from error
    if kind == "ZSTD":
        return _from_zstandard(data)
    return data


def require(kind: str) -> None:
    """Raise `UsageError` if a kind of compression cannot be read here."""
    if kind == "ZSTD":
        try:
            import zstandard  # noqa: F401
        except ImportError as error:
            raise UsageError("ZSTD needs a package: pip install 'ddbha[zstd]'") from error


def _from_zstandard(data: bytes) -> bytes:
    require("ZSTD")
    import zstandard

    try:
        with zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
            return reader.read()
    except zstandard.ZstdError as error:
        raise MalformedFile(f"not a ZSTD file: {error}") from error
