"""What ddbha has to work with here: versions, operations, extras, the clock."""

from __future__ import annotations

import platform
import re
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, requires, version

from botocore.loaders import create_loader
from botocore.model import ServiceModel

from ddbha.api.registry import implemented
from ddbha.api.wire.model import SERVICES, model_version, service_model
from ddbha.cli.terminal import say, title
from ddbha.clock import SystemClock
from ddbha.world import World

#: A requirement of an extra as package metadata has it: rich>=13.0; extra == "cli"
_OF_EXTRA = re.compile(r"""([A-Za-z0-9._-]+).*;.*extra\s*==\s*['"]([^'"]+)['"]""")


def run() -> None:
    """Print everything."""
    title("Versions")
    _table(
        {"Python": platform.python_version(), **{p: version(p) for p in ("ddbha", "boto3", "botocore")}}
    )
    title(f"Operations, by the service models of {model_version('dynamodb')}")
    _table(_coverage())
    title(f"What clients of the installed botocore {version('botocore')} know")
    _table(_installed())
    title("Extras")
    _table(_extras())
    title("Clock")
    _table(_clock())
    title("A world")
    _table({"PutItem and GetItem": _round_trip()})


def _coverage() -> dict[str, str]:
    lacks = implemented()
    said = {}
    for service, name in SERVICES.items():
        operations = service_model(service).operation_names
        there = [lacks[service, o] for o in operations if (service, o) in lacks]
        missing = [o for o in operations if (service, o) not in lacks]
        said[name] = f"{len(there)} of {len(operations)}"
        if any(there):
            said[name] += f", {sum(map(bool, there))} of them in part"
        if missing:
            said[name] += f"; not implemented: {', '.join(missing)}"
    return said


def _installed() -> dict[str, str]:
    """What clients lack of those models, or have beyond them."""
    loader, said = create_loader(), {}
    for service, name in SERVICES.items():
        installed = ServiceModel(loader.load_service_model(service, "service-2"), service)
        there, known = set(service_model(service).operation_names), set(installed.operation_names)
        said[name] = f"{len(known)} operations"
        if there - known:
            said[name] += f"; not yet: {', '.join(sorted(there - known))}"
        if known - there:
            said[name] += f"; not here: {', '.join(sorted(known - there))}"
    return said


def _extras() -> dict[str, str]:
    packages: dict[str, list[str]] = {}
    for requirement in requires("ddbha") or []:
        match = _OF_EXTRA.fullmatch(requirement)
        if match is not None:
            packages.setdefault(match[2], []).append(match[1])
    said = {}
    for extra, needed in sorted(packages.items()):
        versions = {package: _version(package) for package in needed}
        if all(versions.values()):
            said[f"ddbha[{extra}]"] = ", ".join(f"{p} {v}" for p, v in versions.items())
        else:
            missing = ", ".join(p for p, v in versions.items() if v is None)
            said[f"ddbha[{extra}]"] = f"not installed: {missing}; pip install 'ddbha[{extra}]'"
    return said


def _version(package: str) -> str | None:
    try:
        return version(package.partition("[")[0])
    except PackageNotFoundError:
        return None


def _clock() -> dict[str, str]:
    now = datetime.fromtimestamp(SystemClock().time(), timezone.utc)
    return {"SystemClock, UTC": now.isoformat(timespec="seconds")}


def _round_trip() -> str:
    """What comes of the simplest use, through a real client."""
    client = World().client("dynamodb")
    client.create_table(
        TableName="doctor",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    written = {"id": {"S": "1"}}
    client.put_item(TableName="doctor", Item=written)
    read = client.get_item(TableName="doctor", Key=written, ConsistentRead=True).get("Item")
    return "work" if read == written else f"wrote {written} but read {read}"


def _table(rows: dict[str, str]) -> None:
    width = max(map(len, rows), default=0)
    for name, what in rows.items():
        say(f"  {name:{width}}  {what}")
