"""The values in a CloudFormation template: its text, parameters, and intrinsic functions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from attrs import define, field

from ddbha.errors import UsageError
from ddbha.templates.conditions import Conditions
from ddbha.templates.references import References

#: Stands for a property that is not there.
NO_VALUE = object()
#: Values of a template, of which CloudFormation takes 1 MB of text, and levels of them.
_MOST_VALUES = 500_000
_MOST_LEVELS = 100
_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")


def read(template: Any) -> Any:
    """A template or description as objects: given so, or as JSON or YAML, as text or in a file.

    Text without a line break that does not begin with a brace or bracket is the path of a file.
    Raises `UsageError` for what cannot be read.
    """
    found = template if isinstance(template, (Mapping, list)) else _read(template)
    _refuse_endless(found)
    return found


def _read(template: Any) -> Any:
    if isinstance(template, str) and ("\n" in template or template.lstrip()[:1] in ("{", "[")):
        return _parsed(template, "The template")
    if not isinstance(template, (str, PathLike)):
        raise UsageError(f"A template is a dict, a list, text or a path, not {type(template).__name__}.")
    path = Path(template)
    try:
        return _parsed(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The template {path} cannot be read: {error}") from None


def _refuse_endless(template: Any) -> None:
    """Raise `UsageError` for a template that lies inside itself, or is large by what it repeats.

    YAML's aliases make both with few bytes.
    """
    waiting = [(template, 0)]
    seen = 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > _MOST_LEVELS or seen > _MOST_VALUES:
            raise UsageError(
                f"A template has at most {_MOST_VALUES} values, aliases written out, in at most "
                f"{_MOST_LEVELS} levels."
            )
        if isinstance(value, Mapping):
            waiting.extend((inner, depth + 1) for inner in value.values())
        elif isinstance(value, list):
            waiting.extend((inner, depth + 1) for inner in value)


def _parsed(text: str, name: str) -> Any:
    if text.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{name} is no JSON: {error}") from None
    try:
        import yaml
    except ImportError:
        raise UsageError(
            f"{name} is not JSON, and YAML needs PyYAML: pip install 'ddbha[templates]'."
        ) from None

    class Loader(yaml.SafeLoader):
        """YAML with CloudFormation's short tags, and dates as they are written."""

        yaml_implicit_resolvers = {  # noqa: RUF012
            first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    def function(loader: Any, tag: str, node: Any) -> dict[str, Any]:
        if isinstance(node, yaml.ScalarNode):
            content: Any = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            content = loader.construct_sequence(node, deep=True)
        else:
            content = loader.construct_mapping(node, deep=True)
        return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": content}

    Loader.add_multi_constructor("!", function)
    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{name} is no YAML: {error}") from None


def parameter_values(
    declared: Mapping[str, Any], given: Mapping[str, Any], pseudo: Mapping[str, Any]
) -> dict[str, Any]:
    """The value of each parameter that has one: as `given`, or its default.

    Pseudo parameters can be given too.  Raises `UsageError` for a parameter that the template does not
    have, and for a value that it does not allow.
    """
    unknown = sorted(given.keys() - declared.keys() - pseudo.keys())
    if unknown:
        raise UsageError(
            f"The template has no parameters {', '.join(unknown)}; it has "
            f"{', '.join(sorted(declared)) or 'none'}."
        )
    values = dict(pseudo)
    for name, declaration in declared.items():
        if name in given:
            value = given[name]
        elif "Default" in declaration and not declaration.get("Type", "").startswith("AWS::SSM::"):
            value = declaration["Default"]
        else:
            continue
        if "AllowedValues" in declaration and str(value) not in map(str, declaration["AllowedValues"]):
            raise UsageError(
                f"The parameter {name} is one of {declaration['AllowedValues']}, not {value!r}."
            )
        kind = declaration.get("Type", "String")
        if isinstance(value, str) and (kind == "CommaDelimitedList" or kind.startswith("List<")):
            value = [part.strip() for part in value.split(",")]
        values[name] = value
    values.update({name: given[name] for name in given.keys() & pseudo.keys()})
    return values


@define(eq=False)
class Values:
    """What `Ref` and the intrinsic functions mean; `known` holds parameters."""

    known: dict[str, Any]
    #: The parameters that the template declares, with values or without.
    declared: frozenset[str]
    references: References = field(init=False)
    conditions: Conditions = field(init=False)

    def of(self, value: Any, resource: str) -> Any:
        """A value with its intrinsic functions done; `UsageError`, naming the resource, for others."""
        if isinstance(value, list):
            found = [self.of(one, resource) for one in value]
            return [one for one in found if one is not NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        functions = [
            name for name in value if name in ("Ref", "Condition") or str(name).startswith("Fn::")
        ]
        if not functions or (functions == ["Condition"] and len(value) > 1):
            members = {name: self.of(one, resource) for name, one in value.items()}
            return {name: one for name, one in members.items() if one is not NO_VALUE}
        function = functions[0]
        content = value[function]
        if len(value) > 1:
            raise UsageError(f"{resource}: {function} stands beside other members, {sorted(value)}.")
        if function == "Ref" and isinstance(content, str):
            return self._named(content, resource)
        if function == "Fn::GetAtt":
            return self._attribute(content, resource)
        if function == "Fn::If":
            return self._chosen(content, resource)
        if function == "Fn::Select":
            return self._selected(content, resource)
        if function == "Fn::Split":
            return self._split(content, resource)
        if function == "Fn::Sub":
            return self._substituted(content, resource)
        if function == "Fn::Join":
            return self._joined(content, resource)
        raise UsageError(
            f"{resource} uses {function}, which create_from does not evaluate, only Ref and Fn::GetAtt, "
            "If, Join, Select, Split and Sub. Write its value into the template that you give."
        )

    def _named(self, name: str, resource: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.known:
            return self.known[name]
        if name in self.declared:
            raise UsageError(
                f"{resource} needs the parameter {name}, which has no default: "
                f"create_from(..., parameters={{{name!r}: ...}})."
            )
        found = self.references.ref(name)
        if found is None:
            raise UsageError(
                f"{resource} refers to {name}, which is no parameter, table, KMS key or alias, and no "
                "Kinesis stream."
            )
        return found

    def _attribute(self, content: Any, resource: str) -> Any:
        parts = content.split(".", 1) if isinstance(content, str) else content
        if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):
            raise UsageError(
                f"{resource}: Fn::GetAtt takes a resource and an attribute, not {content!r}."
            )
        name, attribute = parts[0], self.of(parts[1], resource)
        return self.references.attribute(name, str(attribute), resource)

    def _chosen(self, content: Any, resource: str) -> Any:
        if not isinstance(content, list) or len(content) != 3:
            raise UsageError(f"{resource}: Fn::If takes a condition and two values, not {content!r}.")
        return self.of(content[1 if self.conditions.holds(content[0], resource) else 2], resource)

    def _selected(self, content: Any, resource: str) -> Any:
        place, values = self._pair("Fn::Select", content, resource)
        if not str(place).isdecimal() or not isinstance(values, list) or int(place) >= len(values):
            raise UsageError(f"{resource}: Fn::Select takes a place in a list, not {content!r}.")
        return values[int(place)]

    def _split(self, content: Any, resource: str) -> list[str]:
        delimiter, text = self._pair("Fn::Split", content, resource)
        if not delimiter or not isinstance(delimiter, str) or not isinstance(text, str):
            raise UsageError(f"{resource}: Fn::Split takes a delimiter and text, not {content!r}.")
        return text.split(delimiter)

    def _pair(self, function: str, content: Any, resource: str) -> tuple[Any, Any]:
        if not isinstance(content, list) or len(content) != 2:
            raise UsageError(f"{resource}: {function} takes two values, not {content!r}.")
        return self.of(content[0], resource), self.of(content[1], resource)

    def _substituted(self, content: Any, resource: str) -> str:
        text, own = content if isinstance(content, list) and len(content) == 2 else (content, {})
        if not isinstance(text, str) or not isinstance(own, Mapping):
            raise UsageError(f"{resource}: Fn::Sub takes text, or text and a map, not {content!r}.")

        def value_of(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return "${" + name + "}"
            if name in own:
                value = self.of(own[name], resource)
            elif "." in name:
                value = self._attribute(name, resource)
            else:
                value = self._named(name, resource)
            return _text(value, resource)

        return _VARIABLE.sub(value_of, text)

    def _joined(self, content: Any, resource: str) -> str:
        if not isinstance(content, list) or len(content) != 2 or not isinstance(content[0], str):
            raise UsageError(f"{resource}: Fn::Join takes a delimiter and a list, not {content!r}.")
        parts = self.of(content[1], resource)
        if not isinstance(parts, list):
            raise UsageError(f"{resource}: Fn::Join takes a delimiter and a list, not {content!r}.")
        return content[0].join(_text(part, resource) for part in parts)


def _text(value: Any, resource: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise UsageError(f"{resource}: {value!r} cannot be a part of a text.")
