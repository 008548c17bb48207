"""What ddbha uses of botocore beyond its documented interface; no other module touches such a name.

Each function is one contract: `tests/boto/test_internals.py` asks every one of them of the installed
botocore, so that a version that breaks one says which.
"""

from __future__ import annotations

import copy
import inspect
import random
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.configprovider import ConstantProvider
from botocore.credentials import Credentials
from botocore.handlers import generate_idempotent_uuid
from botocore.hooks import (  # type: ignore[attr-defined]
    BaseEventHooks,
    EventAliaser,
    HierarchicalEmitter,
    _PrefixTrie,
)
from botocore.model import OperationModel
from botocore.retries import standard
from botocore.retryhandler import RetryHandler
from botocore.session import Session
from botocore.validate import ParamValidationDecorator
from botocore.waiter import Waiter

Handler = Callable[..., Any]

#: Built-in handlers: they sign and complete an HTTP request, look for endpoints, stand for the network
#: (moto's), or limit the rate by the machine's time, for which `ddbha.boto.pacing` has its own.
_IDLE_MODULES = (
    "botocore.handlers",
    "botocore.discovery",
    "botocore.signers",
    "botocore.useragent",
    "botocore.retries.adaptive",
    "aiobotocore.handlers",
    "aiobotocore.discovery",
    "aiobotocore.signers",
    "aiobotocore.retries.adaptive",
    "moto.",
)
#: The kind that writes the number of attempts into a header; botocore has it since 1.44.
_SEEDER: type | None = getattr(standard, "MaxAttemptsSeeder", None)


# -- Clients ----------------------------------------------------------------------------------------

#: Module, class and method.
Place = tuple[str, str, str]

#: Where every operation of a client ends ...
CALLS: Place = ("botocore.client", "BaseClient", "_make_api_call")
ASYNC_CALLS: Place = ("aiobotocore.client", "AioBaseClient", "_make_api_call")
#: ... where every client begins ...
CREATIONS: Place = ("botocore.session", "Session", "create_client")
ASYNC_CREATIONS: Place = ("aiobotocore.session", "AioSession", "_create_client")
#: ... what a session knows, and what it hears from the beginning ...
COMPONENTS: Place = ("botocore.session", "Session", "get_component")
HANDLERS: Place = ("botocore.session", "Session", "_register_builtin_handlers")
MORE_HANDLERS: Place = ("boto3.session", "Session", "_register_default_handlers")
#: ... and where every request goes to the network.
SENDING: Place = ("botocore.httpsession", "URLLib3Session", "send")
ASYNC_SENDING: Place = ("aiobotocore.httpsession", "AIOHTTPSession", "send")


def caller(client: Any) -> Callable[[str, dict[str, Any]], Any]:
    """What makes a client's calls: is given the operation's name and its parameters."""
    call: Callable[[str, dict[str, Any]], Any] = client._make_api_call
    return call


def answer_calls(client: Any, transport: Callable[[str, dict[str, Any]], Any]) -> None:
    """Every operation of a client ends in its `_make_api_call`: let that be ours."""
    client._make_api_call = transport


def validates(client: Any) -> bool:
    """Whether a client checks its parameters: its serializer is decorated then."""
    return isinstance(client._serializer, ParamValidationDecorator)


def emit_api_params(client: Any) -> Handler:
    """What shows parameters to `provide-client-params` and `before-parameter-build`."""
    emit: Handler = client._emit_api_params
    return emit


def request_signer(client: Any) -> Any:
    """What `before-call` gets as `request_signer`."""
    return client._request_signer


def endpoint(client: Any) -> Any:
    """What `needs-retry` gets as `endpoint`."""
    return client._endpoint


def serialized(client: Any, params: dict[str, Any], model: OperationModel) -> dict[str, Any]:
    """A request as a dictionary, not yet with the endpoint's address."""
    request: dict[str, Any] = client._serializer.serialize_to_request(params, model)
    return request


def user_agent(client: Any) -> str:
    """The header of that name."""
    made: str = client._user_agent_creator.to_string()
    return made


def credentials(client: Any) -> Any:
    """The credentials that a client signs with, None if it has none."""
    return client._request_signer._credentials


def http_response(
    kind: type[AWSResponse], url: str, status: int, headers: dict[str, str], body: bytes
) -> AWSResponse:
    """An answer as if it had come over HTTP, already read; aiobotocore has a kind of its own."""
    shown: Any = HeadersDict(headers)
    response: Any = kind(url, status, shown, None)
    response._content = body
    made: AWSResponse = response
    return made


def loaded(loader: Any) -> Any:
    """Where a loader of models keeps what it has read; it tests, gets and sets keys."""
    return loader._cache


def let_loaded_be(loader: Any, cache: Any) -> None:
    """Let a loader keep what it reads there."""
    loader._cache = cache


def with_own_cache(client: Any) -> None:
    """Let a copied client cache its exceptions and waiters for itself."""
    client._cache = {}


def with_own_ways(client: Any) -> None:
    """Let what a copied client signs and sends with be its own, and tell its own events."""
    events, client._client_config = client.meta.events, client.meta.config
    for name in ("_endpoint", "_request_signer", "_ruleset_resolver"):
        own = copy.copy(getattr(client, name))
        if own is not None:
            # A signer has its client's events only as long as there is the client.
            own._event_emitter = weakref.proxy(events) if name == "_request_signer" else events
            setattr(client, name, own)
    let_credentials_be(client, copy.copy(credentials(client)))


def let_credentials_be(client: Any, credentials: Any) -> None:
    """Let a client sign with these."""
    client._request_signer._credentials = credentials


# -- Sessions ---------------------------------------------------------------------------------------


def session_credentials(session: Any) -> Any:
    """The credentials that a session was given or has found already."""
    return session._credentials


def is_plain(session: Any) -> bool:
    """Whether all parts of a session of botocore are those that it made itself."""
    if type(session) is not Session or dict(session.session_var_map) != Session.SESSION_VARIABLES:
        return False
    private: Any = session
    parts: list[Any] = [*private._components._deferred.values()]
    parts += map(type, private._components._components.values())
    store = private.get_component("config_store")
    parts += map(type, store._mapping.values())
    given = type(private._credentials) in (type(None), Credentials)
    return given and not store._overrides and all(map(_is_botocores, parts))


def _is_botocores(part: Any) -> bool:
    return part is not ConstantProvider and part.__module__.startswith("botocore.")


def settings(session: Any) -> list[Any]:
    """What may have been set on a session: variables, a config for all clients, names of a user agent."""
    private: Any = session
    agent = [private.user_agent_name, private.user_agent_version, private.user_agent_extra]
    return [private._session_instance_vars, private._client_config, agent]


def let_region_be_used(session: Any, region_name: str) -> None:
    """Let a session know where its newest client is."""
    session._last_client_region_used = region_name


# -- Resources --------------------------------------------------------------------------------------


def build_classes_once(session: Any) -> None:
    """Let a session of boto3, of one service, build the class of each kind of resource only once."""
    factory, built = session.resource_factory, {}
    build = factory.load_from_definition

    def build_once(resource_name: str, *definition: Any, **definitions: Any) -> Any:
        if resource_name not in built:
            built[resource_name] = build(resource_name, *definition, **definitions)
        return built[resource_name]

    factory.load_from_definition = build_once


# -- Events and retries -----------------------------------------------------------------------------


def emitter(events: BaseEventHooks) -> Any:
    """The emitter below those that translate the names of events."""
    # A session that is given the events of another one translates twice.
    found: Any = events
    while hasattr(found, "_emitter"):
        found = found._emitter
    return found


def registrations(emitter: Any) -> object:
    """An object that is another one as soon as a handler has come or gone."""
    return emitter._lookup_cache


def hears_nothing(emitter: Any) -> bool:
    """Whether an emitter is of botocore's own kind, and nobody has registered anything."""
    if type(emitter) is not HierarchicalEmitter:
        return False
    private: Any = emitter
    return not private._handlers._root["children"]


class _SharedHandlers(_PrefixTrie):  # type: ignore[misc]
    """Handlers by event; copies have all nodes in common, and a change is made to copies of its nodes."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root

    def __copy__(self) -> _SharedHandlers:
        return _SharedHandlers(self._root)

    def append_item(self, key: str, *item: Any, **section: Any) -> None:
        self._own(key)
        super().append_item(key, *item, **section)

    def remove_item(self, key: str, value: Handler) -> None:
        self._own(key)
        super().remove_item(key, value)

    def _own(self, key: str) -> None:
        node = self._root = _like(self._root)
        for part in key.split("."):
            if part not in node["children"]:
                break
            children = node["children"]
            node = children[part] = _like(children[part])


def _like(node: dict[str, Any]) -> dict[str, Any]:
    return {**node, "children": dict(node["children"]), "values": copy.copy(node["values"])}


def share_handlers(events: BaseEventHooks) -> None:
    """Let copies of events cost no more than what is registered with them."""
    below = emitter(events)
    below._handlers = _SharedHandlers(below._handlers._root)
    # Copies have this as well: botocore asks for the whole signature, which costs more than all else.
    ask = type(below)._verify_accept_kwargs

    def verify(handler: Handler) -> None:
        code = getattr(handler, "__code__", None)
        if code is None or not code.co_flags & inspect.CO_VARKEYWORDS:
            ask(below, handler)

    below._verify_accept_kwargs = verify


def copied(events: BaseEventHooks) -> BaseEventHooks:
    """Events with the same handlers, and registrations of their own."""
    made = copy.copy(events)
    below = emitter(events)
    old: Any = events
    new: Any = made
    while old is not below:
        share_names(new, old)
        old, new = old._emitter, new._emitter
    return made


def share_names(events: Any, other: Any) -> None:
    """Let events know what names stand for that others have looked for, among a hundred of them."""
    if {type(events), type(other)} == {EventAliaser}:
        events._alias_name_cache = other._alias_name_cache


def let_handlers_be(emitter: Any, other: Any) -> None:
    """Give an emitter that hears nothing the handlers of another one, each as its own registration."""
    copied = copy.copy(other)
    emitter._handlers, emitter._unique_id_handlers = copied._handlers, copied._unique_id_handlers
    emitter._verify_accept_kwargs = copied._verify_accept_kwargs


def handlers(emitter: Any, event_name: str) -> list[Handler]:
    """The handlers of an event in the order of their turns."""
    return list(emitter._handlers.prefix_search(event_name))


def is_idle(handler: Handler, model: OperationModel) -> bool:
    """Whether a handler makes no difference to a call that goes well."""
    owner = getattr(handler, "__self__", None)
    if isinstance(handler, RetryHandler) or isinstance(owner, standard.RetryHandler):
        # Modes of retrying have nothing to say about a success.
        return True
    if handler is generate_idempotent_uuid:
        return not model.idempotent_members
    return str(getattr(handler, "__module__", None)).startswith(_IDLE_MODULES)


def prepares_header(handler: Handler) -> bool:
    """Whether a handler only writes what another one that looks at the request may read."""
    return _SEEDER is not None and isinstance(getattr(handler, "__self__", None), _SEEDER)


def keeps_quota(handler: Handler) -> bool:
    """Whether a handler only gives capacity for retries back after a success."""
    return isinstance(getattr(handler, "__self__", None), standard.RetryQuotaChecker)


def drop_own_handlers(client: Any) -> None:
    """Take its signer, and the retries of mode `standard`, from a client: what copies shall not share."""
    service = client.meta.service_model.service_id.hyphenize()
    events = client.meta.events
    below = emitter(events)
    events.unregister(f"request-created.{service}", client._request_signer.handler)
    for event in ("request-created", "after-call", "needs-retry"):
        for handler in handlers(below, f"{event}.{service}"):
            if isinstance(getattr(handler, "__self__", None), _STANDARD):
                unique = {"after-call": None, "needs-retry": f"retry-config-{service}"}.get(
                    event, f"seed-max-attempts-{service}"
                )
                events.unregister(f"{event}.{service}", handler, unique_id=unique)


def add_signing(client: Any) -> None:
    """Let a client that has no signer's handler sign its requests."""
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"request-created.{service}", client._request_signer.handler)


def add_standard_retries(client: Any) -> None:
    """Give a client that has none its own retries of mode `standard`, as it is configured."""
    attempts = client.meta.config.retries.get("total_max_attempts")
    given = {} if attempts is None else {"max_attempts": attempts}
    standard.register_retry_handler(client, **given)


_STANDARD = tuple(
    kind for kind in (standard.RetryHandler, standard.RetryQuotaChecker, _SEEDER) if kind is not None
)


def back_offs(client: Any) -> list[Any]:
    """What decides on the pauses of the mode `standard`; its `_random` draws from [0, 1)."""
    service = client.meta.service_model.service_id.hyphenize()
    found = handlers(emitter(client.meta.events), f"needs-retry.{service}")
    owners = (getattr(handler, "__self__", None) for handler in found)
    kept: list[Any] = [owner for owner in owners if isinstance(owner, standard.RetryHandler)]
    return [handler._retry_policy._retry_backoff for handler in kept]


@contextmanager
def drawing_from(back_offs: list[Any], draw: Callable[[], float]) -> Iterator[None]:
    """Pauses by `draw` instead of the machine's randomness meanwhile."""
    for back_off in back_offs:
        back_off._random = draw
    try:
        yield
    finally:
        for back_off in back_offs:
            back_off._random = random.random


# -- Waiters ----------------------------------------------------------------------------------------


def waiter_pause(waiter: Any) -> float:
    """The seconds between the polls of a waiter."""
    pause: float = waiter.config.delay
    return pause


def waiter_with(waiter: Waiter, wrap: Callable[[Handler], Handler]) -> Any:
    """The same waiter over another function for its polls."""
    # The kind without the documented `wait` of its subclass, sync or async.
    kind: Any = type(waiter).__mro__[1]
    private: Any = waiter
    return kind(waiter.name, waiter.config, wrap(private._operation_method))
