"""Tests against an engine that exists: whether it answers, and worlds that are clients of it only."""

from __future__ import annotations

import linecache
import os
import sys
from typing import Any, NoReturn

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ddbha.errors import UsageError
from ddbha.testing.declaring import declare

#: Seconds for a connection, and for the answer to one request.
_PATIENCE = 1


def probe(url: str) -> str:
    """Ask an engine for its tables once, and say what answers.

    Raises `UsageError` within two seconds if nothing does that speaks DynamoDB.
    """
    impatient = Config(
        connect_timeout=_PATIENCE, read_timeout=_PATIENCE, retries={"total_max_attempts": 1}
    )
    try:
        client = _session("us-east-1").client("dynamodb", endpoint_url=url, config=impatient)
        answer: Any = client.list_tables()
    except ClientError as error:
        answer = error.response
        if not error.response["ResponseMetadata"].get("HTTPHeaders", {}).get("x-amzn-requestid"):
            raise UsageError(f"{url} answers, but not as DynamoDB does: {error}") from None
    except (BotoCoreError, ValueError) as error:
        raise UsageError(f"Nothing answers at {url}: {error}") from None
    said = answer["ResponseMetadata"]
    server = said.get("HTTPHeaders", {}).get("server", "an engine that does not name itself")
    if "Error" in answer:
        return f"{url}: {server} answers ListTables with {answer['Error'].get('Code')}"
    names = answer.get("TableNames", [])
    return f"{url}: {server} answers, with {len(names)} table{'' if len(names) == 1 else 's'}"


class EndpointWorld:
    """Clients of an existing engine.  Whatever else a world has, tests that need it are skipped."""

    def __init__(self, url: str, region: str) -> None:
        self._url = url
        self._region = region
        self._created: list[tuple[Any, str]] = []

    def client(self, service_name: str, *, region_name: str | None = None, **kwargs: Any) -> Any:
        """A plain client of boto3."""
        return self._noticed(self.session(region_name=region_name).client, service_name, kwargs)

    def resource(self, service_name: str, *, region_name: str | None = None, **kwargs: Any) -> Any:
        """A plain resource of boto3."""
        made = self.session(region_name=region_name).resource
        return self._noticed(made, service_name, kwargs)

    def session(self, *, region_name: str | None = None) -> boto3.Session:
        """A session with credentials of no account; its clients need the endpoint's address."""
        return _session(region_name or self._region)

    def declare(self, table: dict[str, Any], region: str) -> None:
        """Create a table."""
        declare(self.client("dynamodb", region_name=region), table)

    def close(self) -> None:
        """Delete the tables that this test created and left."""
        for client, name in reversed(self._created):
            try:
                client.delete_table(TableName=name)
            except client.exceptions.ResourceNotFoundException:
                continue
            client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1})

    def _noticed(self, make: Any, service_name: str, options: dict[str, Any]) -> Any:
        made = make(service_name, endpoint_url=self._url, **options)
        client = made if not hasattr(made.meta, "client") else made.meta.client

        def created(parsed: dict[str, Any], **_: Any) -> None:
            if "TableDescription" in parsed:
                self._created.append((client, parsed["TableDescription"]["TableName"]))

        client.meta.events.register("after-call.dynamodb.CreateTable", created)
        return made

    def __getattr__(self, name: str) -> NoReturn:
        import pytest

        if name.startswith("_"):
            raise AttributeError(name)
        asking = sys._getframe(1)
        written = linecache.getline(asking.f_code.co_filename, asking.f_lineno).strip()
        shown = written if name in written else f"ddbha_world.{name}"
        pytest.skip(f"{self._url} is no world of ddbha, as this needs: {shown}")


def _session(region: str) -> boto3.Session:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    return boto3.Session(
        aws_access_key_id=f"ddbha{worker}", aws_secret_access_key="ddbha", region_name=region
    )
