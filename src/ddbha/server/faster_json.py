"""Answers as JSON by orjson where it is installed: ten times faster, and the same bytes.

What is rare and would be written differently goes the way it goes everywhere else.
"""

from __future__ import annotations

import re
from typing import Any

from ddbha.api.wire import encoding

try:
    import orjson
except ModuleNotFoundError:
    encoded = encoding.encoded
else:
    #: `datetime` is for `in_wire_form`.
    _OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME
    #: Where Python writes 1e-06; and 0.00001 is its 1e-05.
    _has_short_exponent = re.compile(rb"e-[5-9][,\]}]").search

    def encoded(answer: dict[str, Any]) -> bytes:
        """As `encoding.encoded`."""
        try:
            text = orjson.dumps(answer, encoding.in_wire_form, _OPTIONS)
        except TypeError:
            # Half of a surrogate pair, or a whole number of more than 64 bits.
            return encoding.encoded(answer)
        if b"0.0000" in text or _has_short_exponent(text):
            return encoding.encoded(answer)
        return text
