"""Application Auto Scaling's resources in templates, for the tables of the same template.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-applicationautoscaling-scalabletarget.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-applicationautoscaling-scalingpolicy.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ddbha.errors import UsageError
from ddbha.templates.declarations import Declaration, Request
from ddbha.templates.properties import Properties
from ddbha.templates.settings import typed_request

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
_SERVICE = "application-autoscaling"
_IDENTITY = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_MEMBERS = {
    TARGET: ("MinCapacity", "MaxCapacity", "SuspendedState"),
    POLICY: ("PolicyName", "PolicyType", "TargetTrackingScalingPolicyConfiguration"),
}
_OPERATIONS = {TARGET: "register_scalable_target", POLICY: "put_scaling_policy"}


def is_of_dynamodb(resource: Mapping[str, Any], resources: Mapping[str, Any]) -> bool:
    """Whether a target or a policy can be one of DynamoDB, as far as the template says it plainly."""
    properties = resource.get("Properties") or {}
    target = properties.get("ScalingTargetId")
    if isinstance(target, Mapping) and target.get("Ref") in resources:
        properties = resources[target["Ref"]].get("Properties") or {}
    namespace = properties.get("ServiceNamespace", "dynamodb")
    return not isinstance(namespace, str) or namespace == "dynamodb"


def target_id(properties: Mapping[str, Any]) -> list[Any]:
    """What `Ref` of a target joins with bars."""
    return [properties.get(name) for name in ("ResourceId", "ScalableDimension", "ServiceNamespace")]


def add_scaling(kind: str, properties: Properties, declarations: list[Declaration], region: str) -> None:
    """Let a throughput of a table of the template be scaled; those of other tables are nobody's here."""
    whole = properties.take("ScalingTargetId")
    given = str(whole).split("|") if whole else target_id(properties.members)
    for name in _IDENTITY:
        properties.take(name)
    if len(given) != 3:
        raise UsageError(f"{properties.resource} has a ScalingTargetId that is of no target, {whole!r}.")
    resource_id, dimension, service = map(str, given)
    identity = dict(zip(_IDENTITY, (service, resource_id, dimension), strict=True))
    parts = resource_id.split("/")
    table = next((one for one in declarations if parts[:2] == ["table", one.name]), None)
    if service != "dynamodb" or table is None:
        return
    found = {name: properties.take(name) for name in _MEMBERS[kind] if name in properties.members}
    properties.finish()
    request = Request(region, _OPERATIONS[kind], {**identity, **found}, _SERVICE)
    table.requests.append(typed_request(request, properties.resource))
