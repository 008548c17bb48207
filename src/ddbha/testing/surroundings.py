"""What a process has around its clients while a mock is active: credentials that open nothing."""

from __future__ import annotations

import os
from typing import Any

import boto3

from ddbha.boto.clients import account_of_key

_KEY, _SECRET, _TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
_VOID = {_KEY: "ddbha", _SECRET: "ddbha", _TOKEN: "ddbha"}


class Surroundings:
    """The variables and the default session of boto3, changed and put back."""

    def __init__(self) -> None:
        self._before: dict[str, str | None] = {}
        self._session: Any = None

    def take(self) -> None:
        """Let clients find credentials of nobody; those that only name an account stay."""
        self._session = boto3.DEFAULT_SESSION
        if account_of_key(os.environ.get(_KEY)) and os.environ.get(_SECRET):
            return
        self._before = {name: os.environ.get(name) for name in _VOID}
        os.environ.update(_VOID)

    def leave(self) -> None:
        """Put back what was there, except where a test has put something else meanwhile."""
        before, self._before = self._before, {}
        for name, value in before.items():
            if os.environ.get(name) != _VOID[name]:
                continue
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        # One that was made meanwhile keeps the credentials of nobody.
        boto3.DEFAULT_SESSION = self._session


def credentials() -> dict[str, str]:
    """What a client is made with that was given no credentials."""
    return {
        "aws_access_key_id": os.environ.get(_KEY, _VOID[_KEY]),
        "aws_secret_access_key": os.environ.get(_SECRET, _VOID[_SECRET]),
    }
