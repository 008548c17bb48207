"""A botocore call, executed in the process.

The sequence is `botocore.client.BaseClient._make_api_call` with `botocore.endpoint.Endpoint` inside it,
less endpoint rules, serialization, signing and HTTP: the same events, validation, retries and
exceptions around `World.call`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator
from math import inf
from random import Random
from typing import Any

from botocore.awsrequest import create_request_object
from botocore.client import BaseClient
from botocore.history import get_global_history_recorder
from botocore.hooks import first_non_none_response
from botocore.model import OperationModel, ServiceModel

from ddbha.api.registry import Caller
from ddbha.api.wire.model import output_shape
from ddbha.boto import answers, internals, pacing
from ddbha.boto.hooks import Heard, Listeners
from ddbha.boto.parameters import Parameters
from ddbha.boto.request import Request
from ddbha.engine import Engine
from ddbha.errors import AwsError, NoAnswer
from ddbha.region.places import check_region

#: A function of botocore that event handlers take part in, to be called with these arguments and, for
#: asynchronous clients, awaited.
Step = tuple[Callable[..., Any], dict[str, Any]]
Steps = Generator[Step, Any, Any]
#: The HTTP response and what was parsed from it, as botocore pairs them.
Response = tuple[Any, dict[str, Any]]

#: The events whose handlers look at the request as it would be sent.
_SHOWING_HTTP = ("request-created", "before-sign", "before-send")

_history = get_global_history_recorder()

#: pytest leaves the frames of this module out of tracebacks: a failing test is about its own lines.
__tracebackhide__ = True


class Operation:
    """What is known of an operation before any call of it."""

    def __init__(self, model: OperationModel) -> None:
        self.model = model
        self.parameters = Parameters(model)
        self.localize = answers.localizer(model.output_shape)
        #: Takes what the client's model does not know out of an answer; None if it knows everything.
        self.trim = answers.trimmer(
            model.output_shape, output_shape(model.service_model.service_name, model.name)
        )
        self.json_version = model.metadata["jsonVersion"]


#: By service, name, and whose model: clients for ddbha's own requests have that of `api.wire`.
_operations: dict[tuple[str, str, str | None], Operation] = {}


class Transport:
    """The calls of one client to one engine."""

    def __init__(self, engine: Engine, account_id: str, client: BaseClient) -> None:
        private: Any = client
        self._engine = engine
        #: What the history calls the client.
        self.name = engine.client_name()
        self._client = client
        self._private = private
        self._service: ServiceModel = client.meta.service_model
        self._service_name = self._service.service_name
        self._service_id = self._service.service_id.hyphenize()
        check_region(client.meta.region_name, more=engine.settings.more_regions)
        self._caller = Caller(account_id, client.meta.region_name)
        self._validate = internals.validates(client)
        # Attempts of a run are those of its seed, and so are the pauses between them.
        self._back_offs = internals.back_offs(client)
        self._draw = Random(f"{engine.settings.seed} {self.name}").random
        self._listeners = Listeners(client.meta.events, self._service_id)
        self._operations: dict[str, tuple[OperationModel, Operation]] = {}
        config: Any = client.meta.config
        #: For how many seconds the client waits for an answer.
        self._patience: float = config.read_timeout or inf
        #: For how many it waits in vain; a connection that is refused or closed is so at once.
        self._in_vain: dict[str, float] = {
            "read_timeout": config.read_timeout or 0.0,
            "connect_timeout": config.connect_timeout or 0.0,
        }
        adaptive = (private.meta.config.retries or {}).get("mode") == "adaptive"
        self._limiter = pacing.rate_limiter(engine.clock) if adaptive else None

    def steps(self, operation_name: str, api_params: dict[str, Any]) -> Steps:
        """The call from beginning to end; the generator's value is the answer."""
        known = self._operations.get(operation_name)
        model, operation = self._learn(operation_name) if known is None else known
        client, events = self._private, self._private.meta.events
        _history.record(
            "API_CALL",
            {"service": self._service_name, "operation": operation_name, "params": api_params},
        )
        context: dict[str, Any] = {
            "client_region": self._caller.region,
            "client_config": client.meta.config,
            "has_streaming_input": False,
            "auth_type": model.auth_type,
            "unsigned_payload": None,
        }
        heard = self._listeners.of(model)

        if "provide-client-params" in heard or "before-parameter-build" in heard:
            api_params = yield (
                internals.emit_api_params(client),
                {"api_params": api_params, "operation_model": model, "context": context},
            )
        params = operation.parameters.wire(api_params, validate=self._validate)
        request = Request(client, model, api_params, context)

        response: Response | None = None
        if "before-call" in heard:
            _, response = yield (
                events.emit_until_response,
                {
                    "event_name": f"before-call.{self._service_id}.{operation_name}",
                    "model": model,
                    "params": request,
                    "request_signer": internals.request_signer(client),
                    "context": context,
                },
            )
        if response is None:
            try:
                # Parameters that needed no conversion have the model's members and types.
                typed = params is api_params
                response = yield from self._send(operation, model, params, typed, request, heard)
            except Exception as error:
                name = f"after-call-error.{self._service_id}.{operation_name}"
                yield events.emit, {"event_name": name, "exception": error, "context": context}
                raise
        http, parsed = response

        for handler in heard.get("after-call", ()):
            yield (
                handler,
                {
                    "event_name": f"after-call.{self._service_id}.{operation_name}",
                    "http_response": http,
                    "parsed": parsed,
                    "model": model,
                    "context": context,
                },
            )
        if http.status_code >= 300:
            code = context.get("error_code_override") or parsed.get("Error", {}).get("Code")
            raise client.exceptions.from_code(code)(parsed, operation_name)
        return parsed

    def _learn(self, operation_name: str) -> tuple[OperationModel, Operation]:
        model = self._service.operation_model(operation_name)
        key = self._service_name, operation_name, self._service.metadata.get("source")
        operation = _operations.get(key)
        if operation is None:
            operation = _operations[key] = Operation(model)
        # Handlers get the client's own model; what is compiled from it is shared by all clients.
        known = self._operations[operation_name] = model, operation
        return known

    def _send(
        self,
        operation: Operation,
        model: OperationModel,
        params: dict[str, Any],
        typed: bool,
        request: Request,
        heard: Heard,
    ) -> Generator[Step, Any, Response]:
        """Attempt after attempt, until nobody wants another."""
        attempts = 1
        while True:
            if heard.counted:
                _count(request, attempts)
            error: Exception | None = None
            response: Response | None = None
            try:
                if heard and not heard.keys().isdisjoint(_SHOWING_HTTP):
                    response = yield from self._announce(model, request, heard)
                if self._limiter is not None:
                    self._limiter.on_sending_request(request=None)
                if response is None:
                    response = self._answer(operation, model, params, typed)
            except NoAnswer as no_answer:
                if no_answer.waits:
                    self._engine.clock.sleep(self._in_vain.get(no_answer.kind, 0.0))
                error = answers.lost(no_answer, f"{self._client.meta.endpoint_url}/")
            except Exception as caught:
                # Handlers may play a broken network; whether that is worth a retry is not ours to say.
                error = caught
            if "before-parse" in heard or "response-received" in heard:
                yield from self._report(model, request, response, error, heard)
            if "needs-retry" in heard or response is None or response[0].status_code >= 300:
                delay = yield from self._needs_retry(model, request, attempts, response, error)
                if delay is not None:
                    self._note_retry(model, attempts, delay, response, error)
                    self._engine.clock.sleep(delay)
                    attempts += 1
                    continue
            if response is None:
                assert error is not None
                raise error
            if "ResponseMetadata" in response[1]:
                response[1]["ResponseMetadata"]["RetryAttempts"] = attempts - 1
            _history.record("PARSED_RESPONSE", response[1])
            return response

    def _note_retry(
        self,
        model: OperationModel,
        attempts: int,
        delay: float,
        response: Response | None,
        error: Exception | None,
    ) -> None:
        cause = type(error).__name__ if response is None else response[1].get("Error", {}).get("Code")
        self._engine.events.add(
            self._engine.clock.time(),
            "request-retried",
            self._caller.region,
            client=self.name,
            operation=model.name,
            attempt=attempts,
            cause=cause,
            delay=round(delay, 3),
        )

    def _answer(
        self, operation: Operation, model: OperationModel, params: dict[str, Any], typed: bool
    ) -> Response:
        engine = self._engine
        try:
            parsed = engine.call(
                self._service_name,
                model.name,
                params,
                self._caller,
                typed=typed,
                client=self.name,
                patience=self._patience,
            )
        except AwsError as error:
            details = answers.metadata(
                engine.request_id(), error.status, engine.clock.time(), operation.json_version
            )
            body, parsed = error.body(), answers.parsed_error(error, self._service, details)
        else:
            details = answers.metadata(
                engine.request_id(), 200, engine.clock.time(), operation.json_version
            )
            if operation.trim is not None:
                operation.trim(parsed)
            if operation.localize is not None:
                operation.localize(parsed)
            body = parsed
            parsed["ResponseMetadata"] = details
        return answers.HttpResponse(details, body, self._client.meta.endpoint_url), parsed

    def _announce(
        self, model: OperationModel, request: Request, heard: Heard
    ) -> Generator[Step, Any, Response | None]:
        """Show the HTTP request to those who want it; one of them may have the response."""
        http_request = create_request_object(request.written())
        for handler in heard.get("request-created", ()):
            name = f"request-created.{self._service_id}.{model.name}"
            arguments = {"request": http_request, "operation_name": model.name, "event_name": name}
            yield handler, arguments
        signer = internals.request_signer(self._client)
        for handler in heard.get("before-sign", ()):
            yield (
                handler,
                {
                    "event_name": f"before-sign.{self._service_id}.{model.name}",
                    "request": http_request,
                    "signing_name": signer.signing_name,
                    "region_name": signer.region_name,
                    "signature_version": signer.signature_version,
                    "request_signer": signer,
                    "operation_name": model.name,
                },
            )
        prepared = http_request.prepare()
        for handler in heard.get("before-send", ()):
            name = f"before-send.{self._service_id}.{model.name}"
            http = yield handler, {"request": prepared, "event_name": name}
            if http is not None:
                return http, answers.parsed_response(http, self._service, model)
        return None

    def _report(
        self,
        model: OperationModel,
        request: Request,
        response: Response | None,
        error: Exception | None,
        heard: Heard,
    ) -> Steps:
        """Show what came back, as it would have come through HTTP."""
        emit = self._client.meta.events.emit
        parsed, shown = None, None
        if response is not None:
            http, parsed = response
            shown = {
                "headers": http.headers,
                "status_code": http.status_code,
                "context": {"operation_name": model.name},
                "body": http.content,
            }
            if "before-parse" in heard:
                customized: dict[str, Any] = {}
                yield (
                    emit,
                    {
                        "event_name": f"before-parse.{self._service_id}.{model.name}",
                        "operation_model": model,
                        "response_dict": shown,
                        "customized_response_dict": customized,
                    },
                )
                parsed.update(customized)
        if "response-received" in heard:
            yield (
                emit,
                {
                    "event_name": f"response-received.{self._service_id}.{model.name}",
                    "response_dict": shown,
                    "parsed_response": parsed,
                    "context": request["context"],
                    "exception": error,
                },
            )

    def _needs_retry(
        self,
        model: OperationModel,
        request: Request,
        attempts: int,
        response: Response | None,
        error: Exception | None,
    ) -> Generator[Step, Any, float | None]:
        """The seconds to wait before the next attempt, or None for no other attempt."""
        _count(request, attempts)
        arguments = {
            "event_name": f"needs-retry.{self._service_id}.{model.name}",
            "response": response,
            "endpoint": internals.endpoint(self._client),
            "operation": model,
            "attempts": attempts,
            "caught_exception": error,
            "request_dict": request,
        }
        with internals.drawing_from(self._back_offs, self._draw):
            said = yield self._client.meta.events.emit, arguments
        if self._limiter is not None:
            self._limiter.on_receiving_response(**arguments)
        delay: float | None = first_non_none_response(said)
        return delay


def _count(request: Request, attempts: int) -> None:
    retries = request["context"].setdefault("retries", {})
    retries["attempt"] = attempts
    if "invocation-id" not in retries:
        retries["invocation-id"] = str(uuid.uuid4())


class InProcessTransport(Transport):
    """Takes the place of `_make_api_call` on a client of botocore."""

    def __call__(self, operation_name: str, api_params: dict[str, Any]) -> dict[str, Any]:
        """Call an operation; raises what botocore raises."""
        steps = self.steps(operation_name, api_params)
        try:
            function, arguments = next(steps)
            while True:
                try:
                    result = function(**arguments)
                except Exception as error:
                    function, arguments = steps.throw(error)
                else:
                    function, arguments = steps.send(result)
        except StopIteration as stop:
            answer: dict[str, Any] = stop.value
            return answer
