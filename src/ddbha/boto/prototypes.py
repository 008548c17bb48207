"""Clients of botocore that are made once for a process, and copied.

botocore takes milliseconds to build a client: endpoint rules, an HTTP session, methods.  Nothing of that
is a test's to change, so clients of a kind share it.  What may be changed is each client's own: events,
retries, config, caches, and what signs and sends, which tells these events.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Hashable
from typing import Any

from botocore import UNSIGNED
from botocore.client import BaseClient, ClientMeta
from botocore.config import Config

from ddbha.boto import internals, sessions

_prototypes: dict[Hashable, BaseClient] = {}
#: More kinds than this are not kept: what is in a config may be different every time.
_MOST = 64


def like(kind: Hashable, create: Callable[[], BaseClient]) -> BaseClient:
    """A client as `create` makes it now, from `kind` and the environment."""
    kind = kind, _environment()
    prototype = _prototypes.get(kind)
    if prototype is None:
        prototype = create()
        if _mode(prototype) not in ("legacy", "standard"):
            # The handlers of other modes count the retries of one client.
            return prototype
        internals.share_handlers(prototype.meta.events)
        internals.drop_own_handlers(prototype)
        if len(_prototypes) >= _MOST:
            _prototypes.clear()
        _prototypes[kind] = prototype
    return _twin(prototype)


def of_session(
    session: Any, service_name: str, options: dict[str, Any], create: Callable[..., BaseClient]
) -> BaseClient:
    """As `create`, which takes `options` and makes a client of a session whose credentials are known.

    It is a copy only if the session is like others, as far as can be seen.
    """
    loader, events = session.get_component("data_loader"), session.get_component("event_emitter")
    places, registered = sessions.places(loader), sessions.registered(events)
    if places is None or registered is None or not internals.is_plain(session):
        return create(**options)
    credentials = None if options.get("aws_access_key_id") else internals.session_credentials(session)
    try:
        # Settings that were made on a session, its profile, and what it has read of files.
        settings = frozen([*internals.settings(session), session.full_config, options])
        account = None if credentials is None else frozen(vars(credentials))
    except TypeError:
        return create(**options)
    given = copy.deepcopy(options)
    made = like((places, registered, service_name, settings, account), lambda: create(**given))
    internals.let_region_be_used(session, made.meta.region_name)
    if credentials is not None:
        internals.let_credentials_be(made, credentials)
    return made


def frozen(value: Any) -> Hashable:
    """The same for options that make clients of the same kind; `TypeError` for what is not compared."""
    if isinstance(value, dict):
        return dict, tuple((name, frozen(one)) for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return type(value), tuple(map(frozen, value))
    if type(value) is Config:
        return Config, frozen(vars(value))
    if value is None or value is UNSIGNED or isinstance(value, (str, int, float)):
        return type(value), value
    raise TypeError(value)


def _environment() -> Hashable:
    """The variables that botocore takes the defaults of many settings from."""
    environ = os.environ
    return frozenset(
        (name, environ.get(name))
        for name in environ
        if name[:4] == "AWS_" or name[:4] == "BOTO" or name[-6:].lower() == "_proxy"
    )


def _mode(made: BaseClient) -> str | None:
    settings: Any = made.meta.config
    mode: str | None = (settings.retries or {}).get("mode")
    return mode


def _own(config: Any) -> Any:
    own = copy.copy(config)
    for name, value in vars(config).items():
        if isinstance(value, dict):
            setattr(own, name, dict(value))
    return own


def _twin(prototype: BaseClient) -> BaseClient:
    # A class of its own, as every client has: tests patch methods there as well.
    made_as = type(prototype)
    own_class = type(made_as.__name__, (made_as,), {"__module__": made_as.__module__})
    twin: Any = object.__new__(own_class)
    twin.__dict__.update(prototype.__dict__)
    old = prototype.meta
    internals.with_own_cache(twin)
    twin.meta = ClientMeta(
        internals.copied(old.events),
        _own(old.config),
        old.endpoint_url,
        old.service_model,
        old.method_to_api_mapping,
        old.partition,
    )
    internals.with_own_ways(twin)
    internals.add_signing(twin)
    if _mode(twin) == "standard":
        internals.add_standard_retries(twin)
    made: BaseClient = twin
    return made
