"""The calls of aiobotocore's and aioboto3's clients."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

from ddbha.boto.transport import Transport

#: pytest leaves the frames of this module out of tracebacks: a failing test is about its own lines.
__tracebackhide__ = True


class AsyncTransport(Transport):
    """Takes the place of `_make_api_call` on a client of aiobotocore.

    The sequence is that of synchronous clients, except that event handlers may be coroutines.
    """

    async def __call__(self, operation_name: str, api_params: dict[str, Any]) -> dict[str, Any]:
        """Call an operation; raises what aiobotocore raises."""
        # A real call lets other tasks run while it is on its way.
        await asyncio.sleep(0)
        steps = self.steps(operation_name, api_params)
        try:
            function, arguments = next(steps)
            while True:
                try:
                    result = function(**arguments)
                    if inspect.isawaitable(result):
                        result = await result
                except Exception as error:
                    function, arguments = steps.throw(error)
                else:
                    function, arguments = steps.send(result)
        except StopIteration as stop:
            answer: dict[str, Any] = stop.value
            return answer
