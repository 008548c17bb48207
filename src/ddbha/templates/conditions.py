"""The conditions of a template: whether a resource is made, and which value `Fn::If` chooses.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import define

from ddbha.errors import UsageError

_SEVERAL = {"Fn::And": all, "Fn::Or": any}


@define(eq=False)
class Conditions:
    """The conditions by name; `value_of` evaluates what they compare."""

    declared: Mapping[str, Any]
    value_of: Callable[[Any, str], Any]

    def holds(self, name: Any, resource: str) -> bool:
        """Whether a condition holds; `UsageError`, naming the resource, if the template does not tell."""
        return self._named(name, resource, ())

    def _named(self, name: Any, resource: str, within: tuple[str, ...]) -> bool:
        if not isinstance(name, str) or name not in self.declared or name in within:
            raise UsageError(
                f"{resource} has the condition {name!r}, which the template does not define."
            )
        return self._is_true(self.declared[name], resource, (*within, name))

    def _is_true(self, condition: Any, resource: str, within: tuple[str, ...]) -> bool:
        if isinstance(condition, Mapping) and len(condition) == 1:
            ((function, content),) = condition.items()
            if function == "Condition":
                return self._named(content, resource, within)
            if isinstance(content, list):
                if function == "Fn::Equals" and len(content) == 2:
                    first, second = (self.value_of(one, resource) for one in content)
                    return str(first) == str(second)
                if function == "Fn::Not" and len(content) == 1:
                    return not self._is_true(content[0], resource, within)
                if function in _SEVERAL:
                    return _SEVERAL[function](self._is_true(one, resource, within) for one in content)
        raise UsageError(
            f"{resource} depends on the condition {within[-1]}, in which create_from does not understand "
            f"{condition!r}."
        )
