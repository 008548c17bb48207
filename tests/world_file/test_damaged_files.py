"""Whatever happened to a file, what comes out is a world or a `WorldFileError`, and nothing else."""

from __future__ import annotations

import json
import tracemalloc
import zipfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest

import ddbha
from ddbha.errors import WorldFileError
from tests.building import index_on, on_demand

#: What bytes are replaced by: numbers and JSON that mean something else.
_BITS = [
    b"null", b"-1", b"0", b"1e999", b"NaN", b"Infinity", b"1e300", b"9" * 30, b"[]", b"{}", b'""',
    b"true", b'"\\ud800"', b"[" * 3000, b"{", b"}", b"]", b",", b'"', b"\n", b"\xff", b"\0", b"1e16",
    b"99999999999999",
]  # fmt: skip


def saved(folder: Path) -> bytes:
    """A file with something of everything."""
    world = ddbha.World(seed=3, clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="orders",
        **on_demand("pk", "sk:N", more=["day:B"]),
        GlobalSecondaryIndexes=[index_on("by-day", "day")],
        LocalSecondaryIndexes=[index_on("local", "pk", "day")],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    client.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    for number in range(4):
        item = {
            "pk": {"S": "a"},
            "sk": {"N": f"{number}.5"},
            "day": {"B": b"x"},
            "l": {"L": [{"N": "1"}]},
        }
        client.put_item(TableName="orders", Item=item)
        world.clock.advance(seconds=0.5)
    client.create_backup(TableName="orders", BackupName="backup")
    client.update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    client.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    world.save(folder / "w")
    return (folder / "w").read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return saved(tmp_path_factory.mktemp("whole"))


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(content: dict[str, bytes], *, seal: bool = True) -> bytes:
    """A file of members, with right checksums unless somebody forgot about them."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in content.items():
            if name != "checksums.json" or not seal:
                file.writestr(name, data)
        if seal:
            sums = {n: sha256(d).hexdigest() for n, d in content.items() if n != "checksums.json"}
            file.writestr("checksums.json", json.dumps(sums))
    return buffer.getvalue()


def damaged(random: Random, data: bytes) -> bytes:
    """Bytes that are flipped, cut out, repeated or replaced in one to three places."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 3))):
        start = random.randrange(len(changed) + 1)
        length = random.choice((1, 1, 4, 30, 200))
        kind = random.randrange(4)
        if kind == 0 and start < len(changed):
            changed[start] ^= 1 << random.randrange(8)
        elif kind == 1:
            del changed[start : start + length]
        elif kind == 2:
            changed[start:start] = changed[start : start + length]
        else:
            changed[start : start + random.choice((0, 1, 1, 5))] = random.choice(_BITS)
    return bytes(changed)


def load(data: bytes, folder: Path, **more: Any) -> ddbha.World | None:
    """The world in a file, None if it is refused as it should be."""
    (folder / "w").write_bytes(data)
    try:
        return ddbha.World.load(folder / "w", **more)
    except WorldFileError:
        return None


def damage_and_load(seed: int, whole: bytes, folder: Path) -> None:
    """Damage a file, or one of its members under a right checksum, and load it."""
    random = Random(seed)
    if random.random() < 0.3:
        data = damaged(random, whole)
    else:
        content = members(whole)
        name = random.choice(sorted(content))
        content[name] = damaged(random, content[name])
        data = packed(content, seal=random.random() < 0.9)
    try:
        load(data, folder)
    except Exception as error:
        raise AssertionError(f"seed {seed}") from error


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_damaged_files(whole: bytes, tmp_path: Path, first: int) -> None:
    assert load(packed(members(whole)), tmp_path) is not None
    for seed in range(first, first + 100):
        damage_and_load(seed, whole, tmp_path)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("world.json", b'"time":', b'"time":1e300,"was":'),
        ("world.json", b'"time":', b'"time":NaN,"was":'),
        ("world.json", b'"time":', b'"time":"later","was":'),
        ("tables.jsonl", b'"created":', b'"created":99999999999999,"was":'),
        ("tables.jsonl", b'"created":', b'"created":-1e999,"was":'),
        ("tables.jsonl", b'"active_since":', b'"active_since":1e999,"was":'),
        ("tables.jsonl", b'"on_demand_since":', b'"on_demand_since":1' + b"0" * 25 + b',"was":'),
        ("tables.jsonl", b'"period_days":', b'"period_days":-1' + b"0" * 25 + b',"was":'),
        ("tables.jsonl", b'"earliest":', b'"earliest":-1,"was":'),
        ("images.jsonl", b"{", b"[" * 100_000 + b"{"),
    ],
)
def test_times_and_depths(whole: bytes, tmp_path: Path, name: str, old: bytes, new: bytes) -> None:
    content = members(whole)
    content[name] = content[name].replace(old, new, 1)
    assert load(packed(content), tmp_path) is None


def test_a_small_file_that_unpacks_to_a_large_one(whole: bytes, tmp_path: Path) -> None:
    content = {**members(whole), "images.jsonl": b" " * 200_000_000}
    data = packed(content)
    assert len(data) < 1_000_000
    tracemalloc.start()
    (tmp_path / "w").write_bytes(data)
    with pytest.raises(WorldFileError, match="limit="):
        ddbha.World.load(tmp_path / "w", limit=100_000_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20_000_000
    assert load(whole, tmp_path, limit=100_000_000) is not None


def test_an_encrypted_or_doubled_member(whole: bytes, tmp_path: Path) -> None:
    # The flag of encryption, in the directory at the end of the file.
    start = whole.rindex(b"PK\x01\x02")
    assert load(whole[: start + 8] + b"\x01" + whole[start + 9 :], tmp_path) is None
