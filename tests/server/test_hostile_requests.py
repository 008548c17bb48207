"""Whoever sends what over HTTP, the answer is a success or an error of AWS, never one of ours."""

from __future__ import annotations

from random import Random

import pytest

from ddbha.server.app import MAXIMUM_BODY
from tests.server.asking import call
from tests.server.mutations import body, mutated
from tests.server.test_any_request_over_http import CODES
from tests.server.valid_requests import Prepared

REQUESTS = 60
#: What AWS refuses of all newer tables, so that no request for it can succeed.
LEGACY = {
    "CreateGlobalTable",
    "UpdateGlobalTable",
    "DescribeGlobalTable",
    "DescribeGlobalTableSettings",
    "UpdateGlobalTableSettings",
}


def ask_everything(seed: int) -> None:
    """Send changed requests to a world, which answers all of them and stays whole."""
    random, prepared = Random(seed), Prepared()
    requests = prepared.requests()
    for _ in range(REQUESTS):
        operation, request = random.choice(requests)
        sent = body(mutated(random, request))
        answer = call(prepared.world, operation, sent)
        told = f"seed {seed}: {operation} {sent[:2000]!r} was answered {answer.content[:2000]!r}"
        if answer.status == 413:
            assert len(sent) > MAXIMUM_BODY, told
        elif answer.status != 200:
            assert answer.status == 400, told
            assert answer.json["__type"].partition("#")[2] in CODES, told
    prepared.world.clock.advance(seconds=3600)
    prepared.world.verify()


@pytest.mark.parametrize("number", range(len(Prepared().requests())))
def test_requests_are_valid_before_they_are_changed(number: int) -> None:
    prepared = Prepared()
    operation, request = prepared.requests()[number]
    answer = call(prepared.world, operation, body(request))
    assert answer.status == (400 if operation in LEGACY else 200), answer


@pytest.mark.parametrize("seed", range(40))
def test_changed_requests(seed: int) -> None:
    ask_everything(seed)
