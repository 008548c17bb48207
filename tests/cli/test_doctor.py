"""The doctor says what is there and what is not."""

from __future__ import annotations

import platform
from importlib.metadata import version

import botocore
import pytest

from ddbha.api.wire.model import service_model
from ddbha.cli import doctor
from ddbha.cli.commands import main


def test_it_tells_versions_operations_and_extras(capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor"])
    printed = capsys.readouterr().out
    assert platform.python_version() in printed
    assert f"botocore  {botocore.__version__}" in printed
    assert f"of {len(service_model('dynamodb').operation_names)}" in printed
    assert f"starlette {version('starlette')}, uvicorn {version('uvicorn')}" in printed
    assert "PutItem and GetItem  work" in printed


def test_it_says_how_to_get_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        doctor, "requires", lambda name: ["attrs>=23", 'no-such-thing>=1; extra == "some"']
    )
    main(["doctor"])
    assert (
        "ddbha[some]  not installed: no-such-thing; pip install 'ddbha[some]'" in capsys.readouterr().out
    )


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"ddbha {version('ddbha')}\n"
