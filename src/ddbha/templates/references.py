"""What `Ref` and `Fn::GetAtt` give of the resources of a template that tables refer to.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from attrs import Factory, define

from ddbha.errors import UsageError
from ddbha.templates.scaling_targets import TARGET, target_id

_KEYS = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
_ALIAS = "AWS::KMS::Alias"
_STREAM = "AWS::Kinesis::Stream"


@define(eq=False)
class References:
    """The resources of a template by logical name; `tables` has the names of those that are tables.

    `value_of` evaluates a property of a resource.
    """

    resources: Mapping[str, Any]
    account: str
    region: str
    stack: str
    value_of: Callable[[Any, str], Any]
    tables: dict[str, Any] = Factory(dict)

    def ref(self, name: str) -> Any:
        """What `Ref` of a resource is; None if nobody can tell."""
        if name in self.tables:
            return self.tables[name]
        kind, properties = self._resource(name)
        if kind in _KEYS:
            return self._key_id(name)
        if kind == _ALIAS:
            return self.value_of(properties.get("AliasName"), name)
        if kind == _STREAM:
            return self.value_of(properties.get("Name", f"{self.stack}-{name}"), name)
        if kind == TARGET:
            return "|".join(map(str, self.value_of(target_id(properties), name)))
        return None

    def attribute(self, name: str, attribute: str, resource: str) -> Any:
        """What `Fn::GetAtt` is; `UsageError`, naming the resource that asks, where nobody can tell."""
        kind, _ = self._resource(name)
        if attribute == "Arn":
            if name in self.tables:
                return self._arn("dynamodb", f"table/{self.tables[name]}")
            if kind in _KEYS:
                return self._arn("kms", f"key/{self._key_id(name)}")
            if kind == _STREAM:
                return self._arn("kinesis", f"stream/{self.ref(name)}")
        if attribute == "KeyId" and kind in _KEYS:
            return self._key_id(name)
        raise UsageError(
            f"{resource} uses Fn::GetAtt of {name}.{attribute}, which create_from does not know: only "
            "the Arn of tables, KMS keys and Kinesis streams, and the KeyId of keys. Write its value into"
            " the template that you give."
        )

    def _resource(self, name: str) -> tuple[str, Mapping[str, Any]]:
        found = self.resources.get(name)
        if not isinstance(found, Mapping):
            return "", {}
        properties = found.get("Properties") or {}
        return str(found.get("Type")), properties if isinstance(properties, Mapping) else {}

    def _arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{rest}"

    def _key_id(self, name: str) -> str:
        """The same key in every world that is made of the template."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.account}/{self.region}/{self.stack}/{name}"))
