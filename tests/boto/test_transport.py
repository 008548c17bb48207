"""Calls through a client: answers, errors, hooks and Stubber, as botocore has them over HTTP."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError, OperationNotPageableError, ParamValidationError
from botocore.history import BaseHistoryHandler, get_global_history_recorder
from botocore.parsers import create_parser
from botocore.stub import Stubber

from ddbha import errors
from tests.building import on_demand

ITEM = {"pk": {"S": "a"}, "n": {"N": "1"}, "b": {"B": b"\x00\xff"}}


def test_items_come_back_as_they_were_put(client: Any, table: str) -> None:
    client.put_item(TableName=table, Item=ITEM)
    assert client.get_item(TableName=table, Key={"pk": {"S": "a"}})["Item"] == ITEM


def test_metadata_is_that_of_an_http_answer(client: Any, world: Any, table: str) -> None:
    metadata = client.put_item(TableName=table, Item=ITEM)["ResponseMetadata"]
    request_id = metadata["RequestId"]
    assert len(request_id) == 52
    assert metadata == {
        "RequestId": request_id,
        "HTTPStatusCode": 200,
        "HTTPHeaders": {
            "server": "Server",
            "date": "Thu, 01 Jan 2026 00:00:00 GMT",
            "content-type": "application/x-amz-json-1.0",
            "connection": "keep-alive",
            "x-amzn-requestid": request_id,
        },
        "RetryAttempts": 0,
    }


def test_timestamps_are_in_the_local_zone_as_botocore_gives_them(client: Any, table: str) -> None:
    created = client.describe_table(TableName=table)["Table"]["CreationDateTime"]
    assert created == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert type(created.tzinfo).__name__ == "tzlocal"


def test_region_and_account_reach_the_world(world: Any) -> None:
    client = world.client("dynamodb", region_name="eu-west-1", account_id="210987654321")
    client.list_tables()
    [(service, operation, params, caller)] = world.calls
    assert (service, operation, params) == ("dynamodb", "ListTables", {})
    assert (caller.account_id, caller.region) == ("210987654321", "eu-west-1")


def test_streams_are_a_service_of_their_own(world: Any) -> None:
    streams = world.client("dynamodbstreams")
    world.outcomes = [errors.TrimmedDataAccessException("trimmed")]
    with pytest.raises(streams.exceptions.TrimmedDataAccessException):
        streams.get_records(ShardIterator="x")
    assert world.calls[0][:3] == ("dynamodbstreams", "GetRecords", {"ShardIterator": "x"})


def test_parameters_are_validated_before_anything_is_sent(client: Any, world: Any) -> None:
    with pytest.raises(ParamValidationError, match='Missing required parameter in input: "Item"'):
        client.put_item(TableName="tab")
    with pytest.raises(ParamValidationError, match=r"Invalid type for parameter Item\.a\.S, value: 1"):
        client.put_item(TableName="tab", Item={"a": {"S": 1}})
    assert world.calls == []


def test_without_validation_the_world_gets_everything(world: Any) -> None:
    client = world.client("dynamodb", config=Config(parameter_validation=False))
    world.outcomes = [errors.ValidationException("no")]
    with pytest.raises(ClientError):
        client.put_item(Nonsense=1)
    assert world.calls[0][2] == {"Nonsense": 1}


def test_unknown_operations_are_unknown(client: Any) -> None:
    with pytest.raises(AttributeError):
        client.no_such_operation()
    with pytest.raises(TypeError, match="only accepts keyword arguments"):
        client.list_tables("x")


# -- Errors -----------------------------------------------------------------------------------------


def test_modelled_errors_have_their_class(client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.get_item(TableName="none", Key={"pk": {"S": "a"}})
    assert isinstance(caught.value, ClientError)
    assert caught.value.operation_name == "GetItem"
    response: Any = caught.value.response
    assert response["Error"]["Code"] == "ResourceNotFoundException"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert response["message"] == response["Error"]["Message"]


def test_errors_that_the_model_lacks_are_client_errors(client: Any, world: Any) -> None:
    world.outcomes = [errors.ValidationException("Wrong")]
    with pytest.raises(ClientError) as caught:
        client.list_tables()
    assert type(caught.value) is ClientError
    assert caught.value.response["Error"] == {"Message": "Wrong", "Code": "ValidationException"}
    assert str(caught.value) == (
        "An error occurred (ValidationException) when calling the ListTables operation: Wrong"
    )


ERRORS = [
    errors.ConditionalCheckFailedException(item={"pk": {"S": "a"}}),
    errors.ConditionalCheckFailedException(),
    errors.TransactionCanceledException(
        [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Message": "m"}]
    ),
    errors.ResourceInUseException("Table already exists: t"),
    errors.IdempotentParameterMismatchException("differs"),
    errors.AccessDeniedException("no"),
    errors.InternalServerError(),
    errors.ServiceUnavailable("later"),
    errors.ThrottlingException(
        "slow", throttlingReasons=[{"reason": "TableReadKeyRangeThroughputExceeded"}]
    ),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_errors_read_as_botocores_parser_reads_their_body(world: Any, error: errors.AwsError) -> None:
    client = world.client("dynamodb", config=Config(retries={"mode": "legacy", "total_max_attempts": 1}))
    world.outcomes = [error]
    with pytest.raises(ClientError) as caught:
        client.list_tables()
    response: Any = caught.value.response

    model: Any = client.meta.service_model
    parser: Any = create_parser("json")
    http = {
        "status_code": error.status,
        "headers": response["ResponseMetadata"]["HTTPHeaders"],
        "body": json.dumps(error.body()).encode(),
    }
    expected = parser.parse(http, model.operation_model("ListTables").output_shape)
    shape = model.shape_for_error_code(expected["Error"]["Code"])
    if shape is not None:
        expected.update(parser.parse(http, shape))
    retries = {"MaxAttemptsReached": True} if error.status >= 500 or "Throttling" in error.code else {}
    expected["ResponseMetadata"].update(RetryAttempts=0, **retries)
    assert response == expected


# -- Event hooks ------------------------------------------------------------------------------------


def test_handlers_may_replace_and_extend_parameters(client: Any, world: Any) -> None:
    events = client.meta.events
    events.register(
        "provide-client-params.dynamodb.ListTables", lambda params, **_: {**params, "Limit": 3}
    )
    events.register("before-parameter-build.dynamodb", lambda params, **_: params.update(Limit=7))
    client.list_tables()
    assert world.calls[0][2] == {"Limit": 7}


def test_before_call_sees_the_request_as_http_would_carry_it(client: Any, table: str) -> None:
    seen: list[Any] = []
    client.meta.events.register("before-call.dynamodb.PutItem", lambda params, **_: seen.append(params))
    client.put_item(TableName=table, Item=ITEM)
    [request] = seen
    assert request["headers"]["X-Amz-Target"] == "DynamoDB_20120810.PutItem"
    assert "User-Agent" in request["headers"]
    assert json.loads(request["body"]) == {
        "TableName": table,
        "Item": {"pk": {"S": "a"}, "n": {"N": "1"}, "b": {"B": "AP8="}},
    }
    assert request["method"] == "POST"
    assert request["url"].startswith("https://dynamodb.us-east-1.")
    assert set(request) >= {"url_path", "query_string", "method", "headers", "body", "url", "context"}
    assert request["context"]["client_region"] == "us-east-1"


@pytest.mark.parametrize(
    "touch",
    [
        len,
        dict,
        list,
        repr,
        lambda r: r.get("body"),
        lambda r: "body" in r,
        lambda r: {**r},
        lambda r: r | {},
    ],
)
def test_the_request_is_whole_however_it_is_read(client: Any, touch: Any) -> None:
    seen: list[Any] = []

    def look(params: Any, **_: Any) -> None:
        seen.append(touch(params))

    client.meta.events.register("before-call", look)
    client.list_tables()
    assert seen[0]
    if isinstance(seen[0], dict):
        assert seen[0]["body"] == b"{}"


def test_before_call_handlers_may_answer(client: Any, world: Any) -> None:
    answer = AWSResponse("https://x", 200, HTTPHeaders(), None), {"TableNames": ["mine"]}
    client.meta.events.register("before-call.dynamodb.ListTables", lambda **_: answer)
    assert client.list_tables() == {"TableNames": ["mine"]}
    assert world.calls == []


def test_after_call_sees_response_and_answer(client: Any, table: str) -> None:
    seen: list[Any] = []

    def note(http_response: Any, parsed: Any, model: Any, context: Any, **_: Any) -> None:
        seen.append((http_response, model.name, context))
        parsed["Extra"] = True

    client.meta.events.register("after-call.dynamodb.GetItem", note)
    client.put_item(TableName=table, Item=ITEM)
    assert client.get_item(TableName=table, Key={"pk": {"S": "a"}})["Extra"] is True
    [(http, name, context)] = seen
    assert (name, http.status_code) == ("GetItem", 200)
    assert http.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert json.loads(http.content)["Item"]["b"] == {"B": "AP8="}
    assert json.loads(http.text)["Extra"] is True
    assert context["retries"]["attempt"] == 1


def test_error_code_override_chooses_the_class(client: Any) -> None:
    client.meta.events.register(
        "before-call", lambda context, **_: context.update(error_code_override="ResourceInUseException")
    )
    with pytest.raises(client.exceptions.ResourceInUseException):
        client.describe_table(TableName="none")


def test_after_call_error_sees_what_was_raised(client: Any, world: Any) -> None:
    seen: list[Exception] = []
    client.meta.events.register("after-call-error", lambda exception, **_: seen.append(exception))
    world.outcomes = [RuntimeError("broken")]
    with pytest.raises(RuntimeError, match="broken") as caught:
        client.list_tables()
    assert seen == [caught.value]


def test_http_level_handlers_see_request_and_response(client: Any, table: str) -> None:
    seen: list[Any] = []
    events = client.meta.events
    events.register("request-created.dynamodb.PutItem", lambda request, **_: seen.append(request.body))
    events.register(
        "before-send.dynamodb.*", lambda request, **_: seen.append(request.headers["X-Amz-Target"])
    )
    events.register("before-parse", lambda response_dict, **_: seen.append(response_dict["body"]))
    events.register(
        "response-received",
        lambda parsed_response, exception, **_: seen.append((sorted(parsed_response), exception)),
    )
    client.put_item(TableName=table, Item={"pk": {"S": "a"}})
    assert seen == [
        json.dumps({"TableName": table, "Item": {"pk": {"S": "a"}}}).encode(),
        "DynamoDB_20120810.PutItem",
        b"{}",
        (["ResponseMetadata"], None),
    ]


def test_before_send_handlers_may_answer_over_http(client: Any, world: Any) -> None:
    class Raw:
        def stream(self) -> Any:
            yield json.dumps({"__type": "x#ResourceNotFoundException", "message": "gone"}).encode()

    response = AWSResponse("https://x", 400, HTTPHeaders(), Raw())
    client.meta.events.register("before-send", lambda **_: response)
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="gone"):
        client.list_tables()
    assert world.calls == []


def test_hooks_registered_after_a_call_are_heard(client: Any) -> None:
    client.list_tables()
    heard: list[str] = []
    handler = lambda event_name, **_: heard.append(event_name)  # noqa: E731
    client.meta.events.register("after-call.dynamodb.ListTables", handler)
    client.list_tables()
    client.meta.events.unregister("after-call.dynamodb.ListTables", handler)
    client.list_tables()
    assert heard == ["after-call.dynamodb.ListTables"]


def test_clients_have_hooks_of_their_own(world: Any) -> None:
    first, second = (world.client("dynamodb") for _ in range(2))
    heard: list[int] = []
    first.meta.events.register("after-call", lambda **_: heard.append(1))
    second.list_tables()
    assert heard == []


def test_idempotency_tokens_are_filled_in(client: Any, world: Any) -> None:
    world.outcomes = [errors.ValidationException("enough")]
    with pytest.raises(ClientError):
        client.transact_write_items(
            TransactItems=[{"Delete": {"TableName": "tab", "Key": {"pk": {"S": "a"}}}}]
        )
    assert len(world.calls[0][2]["ClientRequestToken"]) == 36


def test_stubber_answers_and_checks(client: Any, world: Any) -> None:
    with Stubber(client) as stubber:
        stubber.add_response("list_tables", {"TableNames": ["stubbed"]}, {"Limit": 1})
        assert client.list_tables(Limit=1)["TableNames"] == ["stubbed"]
        stubber.add_client_error("list_tables", "ThrottlingException", "slow", http_status_code=400)
        with pytest.raises(ClientError, match="slow"):
            client.list_tables()
    assert world.calls == []
    assert client.list_tables()["TableNames"] == []


def test_history_is_recorded(client: Any) -> None:
    noted: list[str] = []

    class Handler(BaseHistoryHandler):
        def emit(self, event_type: str, payload: Any, source: str) -> None:
            noted.append(event_type)

    recorder: Any = get_global_history_recorder()
    recorder.add_handler(Handler())
    recorder.enable()
    try:
        client.list_tables()
    finally:
        recorder.disable()
        recorder._handlers.clear()
    assert noted == ["API_CALL", "PARSED_RESPONSE"]


# -- Paginators -------------------------------------------------------------------------------------


def test_paginators_page(client: Any) -> None:
    for name in ("a-1", "a-2", "a-3"):
        client.create_table(TableName=name, **on_demand("pk"))
    pages = client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 1})
    assert [page["TableNames"] for page in pages if page["TableNames"]] == [["a-1"], ["a-2"], ["a-3"]]
    with pytest.raises(OperationNotPageableError):
        client.get_paginator("put_item")


def test_naive_readers_of_clock_headers_see_the_worlds_time(client: Any, world: Any) -> None:
    world.clock.advance(timedelta(days=1))
    headers = client.list_tables()["ResponseMetadata"]["HTTPHeaders"]
    assert headers["date"] == "Fri, 02 Jan 2026 00:00:00 GMT"
