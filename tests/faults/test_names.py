"""The names that type checkers know are those that there are."""

from __future__ import annotations

from typing import get_args

from ddbha.api import registry
from ddbha.errors import error_codes
from ddbha.faults.names import ErrorCode, OperationName


def test_operations() -> None:
    assert set(get_args(OperationName)) == registry.names()


def test_errors() -> None:
    assert list(get_args(ErrorCode)) == error_codes()
