from __future__ import annotations

import enum
import io
from collections import OrderedDict
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ParamValidationError
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from ddbha.boto.parameters import Parameters


def models() -> list[OperationModel]:
    session = botocore.session.Session()
    services: list[ServiceModel] = [
        session.get_service_model(name) for name in ("dynamodb", "dynamodbstreams")
    ]
    return [service.operation_model(name) for service in services for name in service.operation_names]


MODELS = {model.name: model for model in models()}
PARAMETERS = {name: Parameters(model) for name, model in MODELS.items()}


def samples(shape: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that mostly fit a shape and sometimes do not."""
    wrong: st.SearchStrategy[Any] = st.sampled_from(
        [None, 1, 1.5, True, "", "x", b"y", [], {}, (), object]
    )
    fitting: st.SearchStrategy[Any]
    if shape.type_name == "structure":
        if depth > 6:
            return st.just({})
        members = {name: samples(member, depth + 1) for name, member in shape.members.items()}
        required = {name: members.pop(name) for name in shape.metadata.get("required", ())}
        fitting = st.fixed_dictionaries(required, optional=members)
    elif shape.type_name == "list":
        fitting = st.lists(samples(shape.member, depth + 1), max_size=2)
    elif shape.type_name == "map":
        fitting = st.dictionaries(st.text(max_size=2), samples(shape.value, depth + 1), max_size=2)
    else:
        fitting = {
            "string": st.text(max_size=4),
            "blob": st.binary(max_size=2) | st.text(max_size=2),
            "boolean": st.booleans(),
            "integer": st.integers(-2, 5),
            "long": st.integers(-2, 5),
            "double": st.floats(allow_nan=False) | st.decimals(allow_nan=False),
            "timestamp": st.just("2026-01-01T00:00:00Z") | st.integers(0, 10**9) | st.just("soon"),
        }[shape.type_name]
    return st.integers(0, 19).flatmap(lambda n: wrong if n == 0 else fitting)


@pytest.mark.parametrize(
    "operation",
    [
        "PutItem",
        "Query",
        "TransactWriteItems",
        "BatchWriteItem",
        "CreateTable",
        "RestoreTableToPointInTime",
    ],
)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_accepts_and_refuses_exactly_what_botocore_does(operation: str, data: st.DataObject) -> None:
    shape = MODELS[operation].input_shape
    assert shape is not None
    params = data.draw(samples(shape))
    if not isinstance(params, dict):
        return
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        with pytest.raises(ParamValidationError) as refused:
            PARAMETERS[operation].wire(params, validate=True)
        assert report.generate_report() in str(refused.value)
    else:
        PARAMETERS[operation].wire(params, validate=True)


@pytest.mark.parametrize("operation", sorted(MODELS))
def test_every_operation_has_its_check(operation: str) -> None:
    shape = MODELS[operation].input_shape
    assert shape is not None
    report = ParamValidator().validate({}, shape)
    if not report.has_errors():
        assert PARAMETERS[operation].wire({}, validate=True) == {}


def put(value: Any, **options: Any) -> Any:
    params = {"TableName": "tab", "Item": {"a": value}}
    return PARAMETERS["PutItem"].wire(params, validate=options.get("validate", True))["Item"]["a"]


@pytest.mark.parametrize("given_bytes", [bytearray(b"\xff"), io.BytesIO(b"\xff"), b"\xff"])
def test_binaries_become_bytes(given_bytes: Any) -> None:
    assert put({"B": given_bytes}) == {"B": b"\xff"}


def test_text_given_as_binary_is_encoded_as_utf_8() -> None:
    assert put({"BS": ["é", bytearray(b"x")]}) == {"BS": ["é".encode(), b"x"]}


def test_binaries_inside_containers_become_bytes() -> None:
    assert put({"M": {"l": {"L": [{"B": bytearray(b"x")}]}}}) == {"M": {"l": {"L": [{"B": b"x"}]}}}


@pytest.mark.parametrize(
    ("moment", "arrives"),
    [
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=timezone.utc)),
        (1767225600, datetime(2026, 1, 1, tzinfo=timezone.utc)),
        # Without a zone botocore takes it for UTC; the protocol carries whole seconds.
        (datetime(2026, 1, 1, 0, 0, 0, 999999), datetime(2026, 1, 1, tzinfo=timezone.utc)),
        (
            datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
            datetime(2026, 1, 1, tzinfo=timezone.utc),
        ),
    ],
)
def test_timestamps_become_aware_datetimes(moment: Any, arrives: datetime) -> None:
    params = {"SourceTableName": "abc", "TargetTableName": "def", "RestoreDateTime": moment}
    wire = PARAMETERS["RestoreTableToPointInTime"].wire(params, validate=True)
    assert wire["RestoreDateTime"] == arrives
    assert wire["RestoreDateTime"].utcoffset() == timedelta()


def test_the_callers_dictionaries_stay_as_they_are() -> None:
    item = {"a": {"B": bytearray(b"x")}}
    params = {"TableName": "tab", "Item": item}
    assert PARAMETERS["PutItem"].wire(params, validate=True)["Item"] == {"a": {"B": b"x"}}
    assert params == {"TableName": "tab", "Item": {"a": {"B": bytearray(b"x")}}}
    assert isinstance(item["a"]["B"], bytearray)


def test_what_needs_no_conversion_is_not_copied() -> None:
    params = {"TableName": "tab", "Item": {"a": {"S": "x"}, "b": {"L": [{"N": "1"}]}}}
    assert PARAMETERS["PutItem"].wire(params, validate=True) is params


class Colour(str, enum.Enum):
    RED = "red"


def test_subclasses_arrive_as_plain_values() -> None:
    wire = PARAMETERS["PutItem"].wire(
        OrderedDict(TableName=Colour.RED, Item=OrderedDict(a={"SS": (Colour.RED,)})), validate=True
    )
    assert wire == {"TableName": "red", "Item": {"a": {"SS": ["red"]}}}
    assert type(wire["TableName"]) is str
    assert type(wire["Item"]["a"]["SS"][0]) is str


def test_decimals_for_floats_become_floats() -> None:
    params = {
        "TableName": "abc",
        "ProvisionedWriteCapacityAutoScalingUpdate": {
            "ScalingPolicyUpdate": {
                "TargetTrackingScalingPolicyConfiguration": {"TargetValue": Decimal("0.5")}
            }
        },
    }
    wire = PARAMETERS["UpdateTableReplicaAutoScaling"].wire(params, validate=True)
    policy = wire["ProvisionedWriteCapacityAutoScalingUpdate"]["ScalingPolicyUpdate"]
    assert type(policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]) is float


def test_without_validation_anything_passes_and_the_rest_is_converted() -> None:
    params = {"Nonsense": 1, "Item": {"a": {"B": bytearray(b"x")}, "b": 5}}
    assert PARAMETERS["PutItem"].wire(params, validate=False) == {
        "Nonsense": 1,
        "Item": {"a": {"B": b"x"}, "b": 5},
    }
    odd = {"RestoreDateTime": "soon"}
    assert PARAMETERS["RestoreTableToPointInTime"].wire(odd, validate=False) == odd
