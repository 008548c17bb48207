"""What sessions share within mocks, and what they do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import botocore.handlers
import botocore.session
import pytest
from botocore.loaders import JSONFileLoader

import ddbha


def client_of(session: Any) -> Any:
    return session.client("dynamodb", region_name="us-east-1")


def test_models_are_read_for_the_first_session_only(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    load = JSONFileLoader.load_file

    def loading(self: JSONFileLoader, file_path: str) -> Any:
        read.append(file_path)
        return load(self, file_path)

    with ddbha.mock():
        client_of(boto3.Session()).list_tables()
    monkeypatch.setattr(JSONFileLoader, "load_file", loading)
    with ddbha.mock():
        client_of(boto3.Session()).list_tables()
    assert read == []
    botocore.session.Session().get_service_model("dynamodb")
    assert read != []  # Outside of mocks botocore is left alone.


def test_handlers_stay_with_the_session_they_were_registered_on() -> None:
    heard: list[str] = []
    for name in ("one", "other"):
        with ddbha.mock():
            session = boto3.Session()
            if name == "one":
                session.events.register("before-call.dynamodb", lambda **_: heard.append("one"))
            client_of(session).list_tables()
    assert heard == ["one"]


def test_new_sessions_have_botocores_handlers_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    added = ("before-call.dynamodb.ListTables", lambda **_: heard.append("added"))
    with ddbha.mock():
        client_of(boto3.Session()).list_tables()
        assert heard == []
        wanted = [*botocore.handlers.BUILTIN_HANDLERS, added]
        monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", wanted)
        for _ in range(2):
            client_of(boto3.Session()).list_tables()
        assert heard == ["added", "added"]
        monkeypatch.undo()
        client_of(boto3.Session()).list_tables()
    assert heard == ["added", "added"]


def test_a_session_may_bring_events_of_its_own() -> None:
    heard: list[str] = []
    events = botocore.session.Session().get_component("event_emitter")
    events.register("before-call.dynamodb", lambda **_: heard.append("own"))
    with ddbha.mock():
        own = boto3.Session(botocore_session=botocore.session.Session(event_hooks=events))
        client_of(own).list_tables()
        client_of(boto3.Session()).list_tables()
    assert heard == ["own"]


def test_models_that_boto3_adds_are_boto3s() -> None:
    with ddbha.mock():
        assert "dynamodb" in boto3.Session().get_available_resources()
        loader = botocore.session.Session().get_component("data_loader")
        assert "dynamodb" not in loader.list_available_services("resources-1")


def test_models_of_the_user_are_read_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    model = tmp_path / "tea" / "2026-01-01"
    model.mkdir(parents=True)
    described: dict[str, Any] = {
        "metadata": {"serviceId": "Tea", "protocol": "json"},
        "operations": {},
        "shapes": {},
    }
    for api_version in ("2026-01-01", "2026-02-01"):
        described["metadata"]["apiVersion"] = api_version
        (model / "service-2.json").write_text(json.dumps(described))
        with ddbha.mock():
            assert botocore.session.Session().get_service_model("tea").api_version == api_version
    monkeypatch.undo()
    with ddbha.mock():
        assert "tea" not in botocore.session.Session().get_available_services()
