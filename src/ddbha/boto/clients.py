"""Clients, resources and sessions of a world: botocore's and boto3's own, with our transport."""

from __future__ import annotations

import copy
import os
from functools import cache, cached_property
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.client import BaseClient
from botocore.config import Config

from ddbha.api.wire.model import SERVICES, loader
from ddbha.boto import internals, prototypes
from ddbha.boto.pacing import paced
from ddbha.boto.transport import InProcessTransport
from ddbha.engine import Engine
from ddbha.errors import UsageError

_SECRET = "no request is ever signed"
_FALLBACK_REGION = "us-east-1"


def client(
    engine: Engine,
    service_name: str,
    *,
    region_name: str | None = None,
    account_id: str | None = None,
    **kwargs: Any,
) -> Any:
    """As `World.client`."""
    if service_name not in SERVICES:
        raise UsageError(
            f"A world has no service {service_name!r}, only {' and '.join(sorted(SERVICES))}; "
            "use world.session() for code that needs other services too."
        )
    account_id = account_id or account_of_key(kwargs.get("aws_access_key_id")) or engine.account_id
    config: Config | None = kwargs.get("config")
    region_name = region_name or getattr(config, "region_name", None) or default_region()
    kwargs.setdefault("aws_access_key_id", account_id)
    kwargs.setdefault("aws_secret_access_key", _SECRET)
    return bind(_make_client(_quiet(), service_name, region_name, kwargs), engine, account_id)


def complete_client(
    engine: Engine, service_name: str, region_name: str, account_id: str | None = None
) -> Any:
    """A client that knows all that the world does, whatever botocore is installed: for own requests."""
    account_id = account_id or engine.account_id
    options = {"aws_access_key_id": account_id, "aws_secret_access_key": _SECRET}
    return bind(_make_client(_complete(), service_name, region_name, options), engine, account_id)


def default_region() -> str:
    """The region of whoever names none."""
    return os.environ.get("AWS_DEFAULT_REGION") or _FALLBACK_REGION


def account_of_key(access_key: str | None) -> str | None:
    """An access key id of twelve digits is an account id."""
    return access_key if access_key and len(access_key) == 12 and access_key.isdigit() else None


def bind(made: BaseClient, engine: Engine, account_id: str) -> BaseClient:
    """Let a client of botocore call `world` from now on."""
    private: Any = made
    plain_get_waiter = made.get_waiter
    internals.answer_calls(made, InProcessTransport(engine, account_id, made))
    private.get_waiter = lambda waiter_name: paced(plain_get_waiter(waiter_name), lambda: engine.clock)
    return made


def resource(
    engine: Engine,
    service_name: str,
    *,
    region_name: str | None = None,
    account_id: str | None = None,
    **kwargs: Any,
) -> Any:
    """As `World.resource`."""
    made = client(engine, service_name, region_name=region_name, account_id=account_id, **kwargs)
    return _resource_class(service_name)(client=made)


def session(
    engine: Engine, *, region_name: str | None = None, account_id: str | None = None
) -> boto3.Session:
    """As `World.session`."""
    return WorldSession(engine, region_name=region_name or default_region(), account_id=account_id)


class WorldSession(boto3.Session):
    """A `boto3.Session` whose DynamoDB is a world; clients of other services are ordinary."""

    def __init__(self, engine: Engine, *, region_name: str, account_id: str | None) -> None:
        super().__init__(region_name=region_name)
        self._engine = engine
        self._account_id = account_id
        self._region_name = region_name

    def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        """As `boto3.Session.client`."""
        if service_name not in SERVICES:
            return super().client(service_name, *args, **kwargs)  # type: ignore[call-overload]
        given = {**dict(zip(_CLIENT_ARGUMENTS, args, strict=False)), **kwargs}
        options = {name: value for name, value in given.items() if value is not None}
        options.setdefault("region_name", getattr(options.get("config"), "region_name", None))
        region_name = options.pop("region_name") or self._region_name
        account_id = (
            self._account_id
            or account_of_key(options.get("aws_access_key_id"))
            or self._engine.account_id
        )
        options.setdefault("aws_access_key_id", account_id)
        options.setdefault("aws_secret_access_key", _SECRET)
        return bind(_create(self._maker, service_name, region_name, options), self._engine, account_id)

    @cached_property
    def _maker(self) -> _Quiet:
        maker = _Quiet()
        # Handlers registered on this session are inherited by the clients that it makes.
        maker.register_component("event_emitter", self.events)
        return maker


#: The arguments of `boto3.Session.client` after the service's name, in order.
_CLIENT_ARGUMENTS = (
    "region_name",
    "api_version",
    "use_ssl",
    "verify",
    "endpoint_url",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "config",
    "aws_account_id",
)


# -- Making clients ---------------------------------------------------------------------------------


class _Quiet(botocore.session.Session):
    """A session that reads neither ~/.aws nor any profile, and shares the service models it loads."""

    def __init__(self, loader: Any = None) -> None:
        nowhere: Any = {
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
        super().__init__(session_vars=nowhere)
        self.register_component("data_loader", loader or _loader())


def name_of(made: Any) -> str:
    """What the history calls a client of a world."""
    transport: Any = internals.caller(made)
    name: str = transport.name
    return name


@cache
def _loader() -> Any:
    return botocore.loaders.create_loader()


@cache
def _quiet() -> _Quiet:
    return _Quiet()


@cache
def _complete() -> _Quiet:
    return _Quiet(loader())


@cache
def _resource_class(service_name: str) -> Any:
    maker = boto3.Session(botocore_session=_Quiet(), region_name=_FALLBACK_REGION)
    internals.build_classes_once(maker)
    options: Any = {"aws_access_key_id": "0" * 12, "aws_secret_access_key": _SECRET}
    return type(maker.resource(service_name, **options))  # type: ignore[call-overload]


def _make_client(
    maker: _Quiet, service_name: str, region_name: str, options: dict[str, Any]
) -> BaseClient:
    try:
        kind = maker, service_name, region_name, prototypes.frozen(options)
    except TypeError:
        return _create(maker, service_name, region_name, options)
    # Whoever gave a config may change it later.
    given = copy.deepcopy(options)
    return prototypes.like(kind, lambda: _create(maker, service_name, region_name, given))


def _create(
    maker: botocore.session.Session, service_name: str, region_name: str, options: dict[str, Any]
) -> BaseClient:
    create: Any = maker.create_client
    made: BaseClient = create(service_name, region_name=region_name, **options)
    return made
