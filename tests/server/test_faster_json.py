"""orjson writes what Python's own JSON writes, to the byte."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddbha.api.wire import encoding
from ddbha.server import faster_json

pytest.importorskip("orjson")

TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1), timezones=st.just(timezone.utc))
TEXT = st.text(st.characters(exclude_categories=[]))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
    | st.one_of(TEXT, st.binary(), TIMES, st.floats(-1e-4, 1e-4)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)


def test_orjson_is_used_where_it_is_installed() -> None:
    assert faster_json.encoded is not encoding.encoded


@given(st.dictionaries(TEXT, VALUES, max_size=5))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_answer(answer: dict[str, Any]) -> None:
    assert faster_json.encoded(answer) == encoding.encoded(answer)


TINY = [1e-05, 0.0001, 1.5e-07, -1e-05, 1.5e-09, 1e-10, 5e-324]
LARGE = [1e16, 1e22, 2**63, 2**64, -(2**70), 10**400, 1767225600.000001]
TEXTS = ["\ud800", "\udfff\ud800", '\x00\x1f\x7f"\\/\b\f\n\r\t\u2028', "0.00001", "e-7", b"\x00\xff"]


@pytest.mark.parametrize("value", [*TINY, *LARGE, *TEXTS])
def test_what_could_be_written_in_several_ways(value: Any) -> None:
    assert faster_json.encoded({"a": value}) == encoding.encoded({"a": value})


def test_a_deep_answer() -> None:
    deep: Any = "x"
    for _ in range(300):
        deep = {"M": {"a": deep}}
    assert faster_json.encoded(deep) == encoding.encoded(deep)
