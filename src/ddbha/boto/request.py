"""The request that event handlers see: a dictionary that is written only if somebody reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.awsrequest import prepare_request_dict
from botocore.client import BaseClient
from botocore.model import OperationModel

from ddbha.boto import internals


class Request(dict[str, Any]):
    """botocore's request dictionary: url_path, query_string, method, headers, body, url, context.

    Serializing takes as long as a write, and most handlers only want `context`, which is there at
    once; the other entries come into being at the first touch.
    """

    def __init__(
        self, client: BaseClient, model: OperationModel, params: dict[str, Any], context: dict[str, Any]
    ) -> None:
        super().__init__(context=context)
        self._unwritten: tuple[Any, OperationModel, dict[str, Any]] | None = client, model, params

    def written(self) -> Request:
        """Itself, complete."""
        if self._unwritten is not None:
            (client, model, params), self._unwritten = self._unwritten, None
            request = internals.serialized(client, params, model)
            prepare_request_dict(
                request,
                endpoint_url=client.meta.endpoint_url,
                user_agent=internals.user_agent(client),
                context=dict.__getitem__(self, "context"),
            )
            super().update(request)
        return self

    def __missing__(self, key: str) -> Any:
        return dict.__getitem__(self.written(), key)


def _reading(name: str) -> Callable[..., Any]:
    method = getattr(dict, name)

    def read(self: Request, *args: Any, **kwargs: Any) -> Any:
        return method(self.written(), *args, **kwargs)

    read.__name__ = name
    return read


#: Whatever looks at the whole; `request["context"]` is left to dict itself, other keys to __missing__.
_READING = (
    *("__contains__", "__iter__", "__len__", "__reversed__", "__repr__", "__eq__", "__ne__"),
    *("__or__", "__ror__", "__ior__", "__setitem__", "__delitem__"),
    *("get", "items", "keys", "values", "copy", "setdefault", "update", "pop", "popitem", "clear"),
)
for _name in _READING:
    setattr(Request, _name, _reading(_name))
