"""What comes before a test's own calls: the import, and a world and a client for each test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from cases import DEFINITION, ITEM, KEY, TABLE
from report import Report, verdict

#: The first of what ddbha is imported for, and a world that does something.
_IMPORT = "import ddbha"
_USED = "import ddbha; ddbha.mock; ddbha.World"

_BODIES = {
    "empty": ("", "pass"),
    "fixture": ("dynamodb_client, ", "use(dynamodb_client)"),
    "mock": ("", "with ddbha.mock(): use(boto3.client('dynamodb', region_name='us-east-1'))"),
}
_MODULE = """
import time
import boto3, ddbha, pytest

began = []

def use(client):
    client.create_table(TableName={name!r}, **{table!r})
    client.put_item(TableName={name!r}, Item={item!r})

@pytest.mark.parametrize("number", range({count}))
def test_it({fixtures}number):
    began.append(time.process_time())
    {body}
    if len(began) == {count}:
        print("TOOK", (began[-1] - began[0]) / (len(began) - 1) * 10_000)
"""


def measure(report: Report, runs: int, tests: int) -> None:
    """Measure all of it in processes of its own: an import as the best of `runs`, `tests` of a kind."""
    for statement, told in ((_IMPORT, "import"), (_USED, "import and first use")):
        kept, none = (_import_milliseconds(statement, bytecode, runs) for bytecode in (True, False))
        report.tell(
            f"{told}, beyond boto3: {kept:.1f} ms  {verdict(kept, 35, 'ms')}; "
            f"without bytecode {none:.1f} ms  {verdict(none, 90, 'ms')}",
            **{f"{told}_milliseconds": kept, f"{told}_milliseconds_without_bytecode": none},
        )
    empty, fixture, mock = (_seconds_of_tests(kind, tests) for kind in _BODIES)
    fixture, mock = fixture - empty, mock - empty
    report.tell(
        f"10 000 tests with client, table and put, beyond {empty:.1f} s of pytest: by dynamodb_client "
        f"{fixture:.1f} s  {verdict(fixture, 12, 's')}; by mock() {mock:.1f} s  {verdict(mock, 15, 's')}",
        seconds_of_10000_tests_by_the_fixture=fixture,
        seconds_of_10000_tests_by_mock=mock,
    )


def _import_milliseconds(statement: str, bytecode: bool, runs: int) -> float:
    """The processor's time after `import boto3`, in new processes: the best of some."""
    program = (
        "import boto3\nfrom time import process_time\nbegan = process_time()\n"
        f"{statement}\nprint((process_time() - began) * 1000)"
    )
    with TemporaryDirectory() as cache:
        options = [] if bytecode else ["-B"]
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return min(_printed([*options, "-c", program], environment) for _ in range(runs))


def _seconds_of_tests(kind: str, tests: int) -> float:
    """What 10 000 of a kind take, by the processor's time between the first and the last of `tests`."""
    fixtures, body = _BODIES[kind]
    table = {name: value for name, value in DEFINITION.items() if name != "GlobalSecondaryIndexes"}
    keys = [one for one in DEFINITION["AttributeDefinitions"] if one["AttributeName"] in KEY]
    module = _MODULE.format(
        name=TABLE,
        table={**table, "AttributeDefinitions": keys},
        item=ITEM,
        count=tests,
        fixtures=fixtures,
        body=body,
    )
    with TemporaryDirectory() as directory:
        path = Path(directory) / "test_starting.py"
        path.write_text(module, encoding="utf-8")
        options = ["-p", "no:cacheprovider", "--rootdir", directory, "-qs", "-W", "ignore", str(path)]
        return _printed(["-m", "pytest", *options], dict(os.environ), "TOOK")


def _printed(arguments: list[str], environment: dict[str, str], label: str = "") -> float:
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=True, env=environment
    )
    found = [line for line in done.stdout.splitlines() if label in line]
    return float(found[0].rpartition(label)[2] if label else found[0])
