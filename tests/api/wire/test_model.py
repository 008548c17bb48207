"""The service models that are kept are AWS's."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.loaders import create_loader

import ddbha
from ddbha.api.wire.model import SERVICES, loader, model_version, service_model
from tests.building import index_on, of_units

UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}


def writer() -> Any:
    path = Path(__file__).parents[3] / "tools" / "service_models.py"
    spec = importlib.util.spec_from_file_location("service_models", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("service", SERVICES)
def test_they_are_those_of_the_botocore_that_they_name(service: str) -> None:
    if model_version(service) != f"botocore {botocore.__version__}":
        pytest.skip(f"the models are of {model_version(service)}")
    kept = loader().load_service_model(service, "service-2")
    assert kept == writer().installed(service)


@pytest.mark.parametrize("service", SERVICES)
def test_all_are_of_one_version_and_know_what_the_installed_one_does(service: str) -> None:
    """A newer botocore may know more: `make models` then."""
    assert model_version(service) == model_version("dynamodb")
    installed = create_loader().load_service_model(service, "service-2")
    if _number(model_version(service).split()[1]) >= _number(botocore.__version__):
        assert installed["operations"].keys() <= set(service_model(service).operation_names)


def test_an_answer_has_no_member_that_the_client_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore's parser reads the members of the model it has."""
    model: Any = create_loader().load_service_model("dynamodb", "service-2")
    model["metadata"]["source"] = "an older one"
    for shape, member in (
        ("TableDescription", "TableArn"),
        ("ProvisionedThroughputDescription", "NumberOfDecreasesToday"),
        ("GlobalSecondaryIndexDescription", "IndexArn"),
    ):
        del model["shapes"][shape]["members"][member]
    older = tmp_path / "dynamodb" / "2012-08-10" / "service-2.json"
    older.parent.mkdir(parents=True)
    older.write_text(json.dumps(model))
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    with ddbha.mock():
        client: Any = botocore.session.Session().create_client("dynamodb", region_name="us-east-1")
        index = {**index_on("by-pk", "pk"), "ProvisionedThroughput": UNITS}
        client.create_table(TableName="tab", **of_units(1, 1, "pk"), GlobalSecondaryIndexes=[index])
        table = client.describe_table(TableName="tab")["Table"]
        (index,) = table["GlobalSecondaryIndexes"]
        assert "TableArn" not in table
        assert "TableId" in table
        assert "IndexArn" not in index
        for throughput in (table["ProvisionedThroughput"], index["ProvisionedThroughput"]):
            assert throughput == UNITS


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
