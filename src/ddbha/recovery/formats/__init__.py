"""How items are written to files and read from them: DynamoDB JSON, Amazon Ion, CSV; compressed or not.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html
"""

from __future__ import annotations


class MalformedFile(Exception):
    """A file cannot be read any further; the message says why."""


class MalformedItem(Exception):
    """One item of a file cannot be read, but those behind it can."""
