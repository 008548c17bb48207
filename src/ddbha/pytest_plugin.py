"""The door by which pytest finds the plugin: its options, markers, fixtures and hooks."""

from __future__ import annotations

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
