"""The file itself: named members in a ZIP archive, with a checksum of each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from shutil import copymode
from typing import Any, TypeVar
from uuid import uuid4
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from attrs import define

from ddbha.clock import LATEST
from ddbha.errors import WorldFileError

FORMAT = "ddbha-world"
VERSION = 1
_CHECKSUMS = "checksums.json"
#: The oldest time that ZIP knows: the same world gives the same bytes.
_TIME = (1980, 1, 1, 0, 0, 0)
#: Bytes that a file may unpack to, unless more are allowed.
LIMIT = 1024**3
#: How many steps have no progress shown.
_QUICK = 20_000

Each = TypeVar("Each")


def write(path: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """Write a file, or leave what was there if that fails: readers find either, never a part."""
    checksums = {}
    # A symbolic link stays one, and what it names is replaced.
    path = path.resolve()
    # Several threads and processes may write one file at once.
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with ZipFile(unfinished, "x", ZIP_DEFLATED) as archive:
            for name, data in members:
                checksums[name] = sha256(data).hexdigest()
                archive.writestr(_info(name), data)
            archive.writestr(_info(_CHECKSUMS), json.dumps(checksums))
        if path.exists():
            copymode(path, unfinished)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _info(name: str) -> ZipInfo:
    info = ZipInfo(name, _TIME)
    info.compress_type = ZIP_DEFLATED
    return info


@define(eq=False)
class Members:
    """The members of a file that was read whole and found intact."""

    _path: Path
    _data: dict[str, bytes]

    @classmethod
    def read(cls, path: Path, limit: int = LIMIT) -> Members:
        """Raises `WorldFileError` for a file that is foreign, damaged, truncated or too new.

        So it does for one that unpacks to more than `limit` bytes, before it unpacks any.
        """
        try:
            with ZipFile(path) as archive:
                infos = archive.infolist()
                # Of a member no more is read than this.
                size = sum(info.file_size for info in infos)
                if size > limit:
                    raise WorldFileError(
                        f"{path} unpacks to {size} bytes, and {limit} are allowed. If it is yours, allow "
                        "more with World.load(..., limit=...)."
                    )
                data = {info.filename: archive.read(info) for info in infos}
        except FileNotFoundError:
            raise WorldFileError(f"There is no file {path}.") from None
        except WorldFileError:
            raise
        except Exception as error:
            # A ZIP file can be damaged in many ways, and the standard library says so in as many.
            raise WorldFileError(
                f"{path} is no file of a world, or it is damaged or truncated: {error}"
            ) from error
        checksums = data.pop(_CHECKSUMS, None)
        if checksums is None or "world.json" not in data:
            raise WorldFileError(f"{path} is a ZIP file, but not one that World.save wrote.")
        members = cls(path, data)
        if members.parsed(checksums) != {name: sha256(d).hexdigest() for name, d in data.items()}:
            raise WorldFileError(f"{path} is damaged: its checksums are not those of its members.")
        header = members.json("world.json")
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise WorldFileError(f"{path} is a ZIP file, but not one that World.save wrote.")
        if header.get("version") != VERSION:
            raise WorldFileError(
                f"{path} has version {header.get('version')} of the format; this ddbha reads {VERSION}."
            )
        return members

    def json(self, name: str) -> Any:
        """The content of a JSON member."""
        if name not in self._data:
            raise WorldFileError(f"{self._path} is damaged: it lacks {name}.")
        return self.parsed(self._data[name])

    def lines(self, name: str) -> Iterator[Any]:
        """The lines of a JSON Lines member, one after the other."""
        texts = self.texts(name)
        for start in range(0, len(texts), _AT_ONCE):
            some = texts[start : start + _AT_ONCE]
            parsed = self.parsed(b"[%s]" % b",".join(some))
            if len(parsed) != len(some):
                raise WorldFileError(f"{self._path} is damaged: a line of {name} holds not one thing.")
            yield from parsed

    def texts(self, name: str) -> list[bytes]:
        """The lines of a JSON Lines member as they stand there."""
        if name not in self._data:
            raise WorldFileError(f"{self._path} is damaged: it lacks {name}.")
        return self._data[name].splitlines()

    def parsed(self, data: bytes) -> Any:
        """What a JSON text says; `WorldFileError` if it is none."""
        try:
            return _DECODER.decode(data.decode("utf-8", "surrogatepass"))
        except (ValueError, RecursionError) as error:
            raise WorldFileError(f"{self._path} is damaged: {error}") from error


def _number(text: str) -> float:
    """A fraction: all are times, durations or sizes, so what is beyond all times is none."""
    number = float(text)
    if abs(number) > LATEST:
        raise ValueError(f"{text[:40]} is beyond all times")
    return number


def _infinity(text: str) -> float:
    # A partition may be of any size; the clock and what is dated see to it that no time is.
    if text == "NaN":
        raise ValueError("NaN is no number")
    return float(text)


#: Lines that are parsed together, since each call takes as long as a short line.
_AT_ONCE = 100
_DECODER = json.JSONDecoder(parse_float=_number, parse_constant=_infinity)


def progress(label: str, count: int, each: Iterable[Each]) -> Iterator[Each]:
    """Pass things on; if they are many and somebody watches, say on the terminal how far it is."""
    if count < _QUICK or not sys.stderr.isatty():
        yield from each
        return
    step = count // 100
    for number, thing in enumerate(each):
        if number % step == 0:
            print(f"\r{label}: {100 * number // count} %", end="", file=sys.stderr, flush=True)
        yield thing
    print(f"\r{label}: 100 %", file=sys.stderr, flush=True)
