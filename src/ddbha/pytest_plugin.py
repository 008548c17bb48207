"""The door by which pytest finds the plugin: its options, markers, fixtures and hooks."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

from ddbha.testing.pytest_plugin import (
    ddbha_tables,
    ddbha_trial,
    ddbha_world,
    dynamodb_client,
    dynamodb_resource,
    dynamodbstreams_client,
    pytest_addoption,
    pytest_assertrepr_compare,
    pytest_configure,
    pytest_pyfunc_call,
    pytest_report_header,
    pytest_runtest_makereport,
    pytest_sessionstart,
)

__all__ = [
    "ddbha_tables",
    "ddbha_trial",
    "ddbha_world",
    "dynamodb_client",
    "dynamodb_resource",
    "dynamodbstreams_client",
    "pytest_addoption",
    "pytest_assertrepr_compare",
    "pytest_configure",
    "pytest_pyfunc_call",
    "pytest_report_header",
    "pytest_runtest_makereport",
    "pytest_sessionstart",
]


class _AsWritten(MetaPathFinder):
    """Finds the modules of ddbha before pytest does.

    It rewrites the assertions of all that comes with a plugin: what a world needs takes a quarter of a
    second then instead of a tenth, in each run where Python may write no bytecode.
    """

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, path, target) if name.startswith("ddbha.") else None


sys.meta_path.insert(0, _AsWritten())
