"""What an import costs: nothing is there before it is needed."""

from __future__ import annotations

import subprocess
import sys

import ddbha

#: What most programs never ask for.
LATE = (
    "api.data.statements",
    "api.recovery",
    "cli",
    "expressions.partiql",
    "recovery.formats",
    "region.overview",
    "server.app",
    "templates",
    "testing.exploration",
    "testing.rehearsal",
    "verify.histories",
    "verify.invariants",
    "verify.verification",
    "world_file",
)
PROGRAM = """
import sys, ddbha
before = [name for name in sys.modules if name.partition(".")[0] in ("ddbha", "attr", "boto3")]
assert before == ["ddbha"], before
client = ddbha.World().client("dynamodb", region_name="us-east-1")
client.create_table(
    TableName="table",
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    BillingMode="PAY_PER_REQUEST",
)
client.put_item(TableName="table", Item={"id": {"S": "1"}})
client.get_item(TableName="table", Key={"id": {"S": "1"}})
print(*sys.modules)
"""


def test_nothing_is_imported_before_it_is_needed() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    imported = done.stdout.split()
    assert "ddbha.engine" in imported
    assert [name for name in imported if name.startswith(tuple(f"ddbha.{late}" for late in LATE))] == []


def test_the_public_names_are_there_and_listed() -> None:
    for name in ddbha.__all__:
        assert name in dir(ddbha)
        assert getattr(ddbha, name).__name__ == name
    assert not hasattr(ddbha, "World2")
    assert not hasattr(ddbha, "__path_to_nowhere__")


def test_modules_are_found_as_attributes() -> None:
    program = "import ddbha; print(ddbha.errors.UsageError.__name__, ddbha.clock.ManualClock.__name__)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == ["UsageError", "ManualClock"], done.stderr
