"""Application Auto Scaling of DynamoDB: scalable targets, their policies, and what was scaled.

It sets and shows the settings that UpdateTableReplicaAutoScaling sets and shows.

https://docs.aws.amazon.com/autoscaling/application/APIReference/Welcome.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/AutoScaling.html
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

from attrs import evolve, frozen

from ddbha.api.registry import Request, Response, operation
from ddbha.api.tables.auto_scaling_settings import GREATEST_TARGET, LEAST_TARGET, ROLE, new_scaling
from ddbha.capacity.auto_scaling import AutoScaling, Dimension, ScalingSettings
from ddbha.errors import InvalidNextTokenException, ObjectNotFoundException, ValidationException
from ddbha.region.region import Region

_SERVICE = "application-autoscaling"
_LARGEST_PAGE = 50
_RESOURCE = re.compile(r"table/([^/]+)(?:/index/([^/]+))?")
_DIMENSION = re.compile(r"dynamodb:(table|index):(Read|Write)CapacityUnits")
_OTHER_POLICIES = ("StepScalingPolicyConfiguration", "PredictiveScalingPolicyConfiguration")
_SUSPENDED = {
    "DynamicScalingInSuspended": "in_suspended",
    "DynamicScalingOutSuspended": "out_suspended",
    "ScheduledScalingSuspended": "schedules_suspended",
}


@frozen
class Target:
    """The throughput of a table or an index, by the names that this service has for it."""

    table: str
    dimension: Dimension

    @classmethod
    def of(cls, request: Request) -> Target:
        """What a request is about; `ValidationException` if DynamoDB has no such thing."""
        resource = _RESOURCE.fullmatch(request["ResourceId"])
        dimension = _DIMENSION.fullmatch(request["ScalableDimension"])
        if (
            request["ServiceNamespace"] != "dynamodb"
            or resource is None
            or dimension is None
            or (resource[2] is None) is not (dimension[1] == "table")
        ):
            raise ValidationException(
                "Unsupported service namespace, resource type or scalable dimension"
            )
        return cls(resource[1], (resource[2], dimension[2]))

    @property
    def resource(self) -> str:
        """As in table/orders/index/by-day."""
        index = self.dimension[0]
        return f"table/{self.table}" + ("" if index is None else f"/index/{index}")

    @property
    def named(self) -> dict[str, Any]:
        """The members that name it."""
        index, kind = self.dimension
        return {
            "ServiceNamespace": "dynamodb",
            "ResourceId": self.resource,
            "ScalableDimension": f"dynamodb:{'table' if index is None else 'index'}:{kind}CapacityUnits",
        }

    def __str__(self) -> str:
        named = self.named
        return (
            f"service namespace: dynamodb, resource ID: {self.resource}, "
            f"scalable dimension: {named['ScalableDimension']}"
        )

    def arn(self, region: Region) -> str:
        """The ARN of the scalable target."""
        return (
            f"arn:aws:application-autoscaling:{region.name}:{region.account_id}:scalable-target/"
            f"{self._id(region).hex}"
        )

    def policy_arn(self, region: Region, name: str) -> str:
        """The ARN of its policy."""
        return (
            f"arn:aws:autoscaling:{region.name}:{region.account_id}:scalingPolicy:{self._id(region)}:"
            f"resource/dynamodb/{self.resource}:policyName/{name}"
        )

    def _id(self, region: Region) -> uuid.UUID:
        place = f"{region.account_id} {region.name} {self}"
        return uuid.uuid5(uuid.NAMESPACE_URL, place)

    def scaling(self, region: Region) -> AutoScaling | None:
        """The scaling of its table, None if there is no such table or it has none."""
        table = region.tables.get(self.table)
        return None if table is None else table.parts.find(AutoScaling)

    def settings(self, region: Region) -> ScalingSettings | None:
        """Its settings, None if it is not registered."""
        scaling = self.scaling(region)
        found = None if scaling is None else scaling.settings.get(self.dimension)
        return None if found is None or found.disabled else found

    def change(self, region: Region, settings: ScalingSettings | None) -> None:
        """Let these be its settings, None for not to be registered."""
        table = region.tables[self.table]
        scaling = table.parts.find(AutoScaling) or new_scaling(region, table)
        table.parts.put(scaling)
        if settings is None:
            del scaling.settings[self.dimension]
            return
        scaling.settings[self.dimension] = settings
        if settings.active:
            # A throughput outside of the limits is corrected without waiting for traffic.
            scaling.wake()


# -- Targets ----------------------------------------------------------------------------------------


@operation("RegisterScalableTarget", service=_SERVICE, lacks=frozenset({"Tags"}))
def register_scalable_target(region: Region, request: Request) -> Response:
    """Set the limits of a throughput; what a later request leaves out stays."""
    target = Target.of(request)
    table, index = region.tables.get(target.table), target.dimension[0]
    if table is None:
        raise ValidationException(f"DynamoDB table does not exist: {target.resource}")
    if index is not None and index not in table.global_indexes:
        raise ValidationException(f"DynamoDB index does not exist: {target.resource}")
    old = target.settings(region)
    minimum = request.get("MinCapacity", old and old.minimum)
    maximum = request.get("MaxCapacity", old and old.maximum)
    if minimum is None or maximum is None:
        raise ValidationException(
            "MinCapacity and MaxCapacity are required to register a scalable target"
        )
    if minimum < 1:
        raise ValidationException("Minimum capacity cannot be less than 1")
    if maximum < minimum:
        raise ValidationException("Maximum capacity cannot be less than minimum capacity")
    settings = old or ScalingSettings(
        minimum, maximum, None, "", ROLE.format(region.account_id), since=region.now()
    )
    given = request.get("SuspendedState", {})
    suspended = {field: given[member] for member, field in _SUSPENDED.items() if member in given}
    # Of DynamoDB the role is always the one that is linked to the service.
    target.change(region, evolve(settings, minimum=minimum, maximum=maximum, **suspended))
    return {"ScalableTargetARN": target.arn(region)}


@operation("DescribeScalableTargets", service=_SERVICE)
def describe_scalable_targets(region: Region, request: Request) -> Response:
    """The targets that were registered."""
    resources = request.get("ResourceIds")
    shown = (
        (
            str(target),
            {
                **target.named,
                "MinCapacity": settings.minimum,
                "MaxCapacity": settings.maximum,
                "RoleARN": settings.role_arn,
                "CreationTime": _time(settings.since),
                "SuspendedState": {
                    member: getattr(settings, field) for member, field in _SUSPENDED.items()
                },
                "ScalableTargetARN": target.arn(region),
            },
        )
        for target, settings in _registered(region, request)
        if not resources or target.resource in resources
    )
    return _page("ScalableTargets", shown, request)


@operation("DeregisterScalableTarget", service=_SERVICE)
def deregister_scalable_target(region: Region, request: Request) -> Response:
    """Forget the limits of a throughput, and its policy."""
    target = Target.of(request)
    if target.settings(region) is None:
        raise ObjectNotFoundException(f"No scalable target found for {target}")
    target.change(region, None)
    return {}


# -- Policies ---------------------------------------------------------------------------------------


@operation("PutScalingPolicy", service=_SERVICE)
def put_scaling_policy(region: Region, request: Request) -> Response:
    """Let a throughput follow a share of it that shall be used."""
    target, name = Target.of(request), request["PolicyName"]
    settings = target.settings(region)
    if settings is None:
        raise ObjectNotFoundException(f"No scalable target registered for {target}")
    tracking = request.get("TargetTrackingScalingPolicyConfiguration")
    others = any(member in request for member in _OTHER_POLICIES)
    if request.get("PolicyType") != "TargetTrackingScaling" or tracking is None or others:
        raise ValidationException("DynamoDB supports policies of type TargetTrackingScaling only")
    metric = {"PredefinedMetricType": _metric(target)}
    if (
        tracking.get("PredefinedMetricSpecification") != metric
        or "CustomizedMetricSpecification" in tracking
    ):
        raise ValidationException(
            f"The metric of {target.named['ScalableDimension']} is the predefined {_metric(target)}"
        )
    if not LEAST_TARGET <= tracking["TargetValue"] <= GREATEST_TARGET:
        raise ValidationException("TargetValue must be between 20 and 90")
    cooldowns = tracking.get("ScaleInCooldown", 0), tracking.get("ScaleOutCooldown", 0)
    if min(cooldowns) < 0:
        raise ValidationException("Cooldowns must not be negative")
    if settings.target is not None and settings.policy_name != name:
        raise ValidationException(
            "Only one TargetTrackingScaling policy for a given metric specification is allowed."
        )
    target.change(
        region,
        evolve(
            settings,
            target=tracking["TargetValue"],
            policy_name=name,
            disable_scale_in=tracking.get("DisableScaleIn", False),
            scale_in_cooldown=cooldowns[0],
            scale_out_cooldown=cooldowns[1],
            policy_since=region.now() if settings.target is None else settings.policy_since,
        ),
    )
    return {"PolicyARN": target.policy_arn(region, name), "Alarms": []}


@operation("DescribeScalingPolicies", service=_SERVICE)
def describe_scaling_policies(region: Region, request: Request) -> Response:
    """The policies of targets."""
    names = request.get("PolicyNames")
    shown = (
        (
            str(target),
            {
                **target.named,
                "PolicyARN": target.policy_arn(region, settings.policy_name),
                "PolicyName": settings.policy_name,
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": settings.target,
                    "PredefinedMetricSpecification": {"PredefinedMetricType": _metric(target)},
                    "ScaleOutCooldown": settings.scale_out_cooldown,
                    "ScaleInCooldown": settings.scale_in_cooldown,
                    "DisableScaleIn": settings.disable_scale_in,
                },
                "Alarms": [],
                "CreationTime": _time(settings.policy_since),
            },
        )
        for target, settings in _registered(region, request)
        if settings.target is not None and (not names or settings.policy_name in names)
    )
    return _page("ScalingPolicies", shown, request)


@operation("DeleteScalingPolicy", service=_SERVICE)
def delete_scaling_policy(region: Region, request: Request) -> Response:
    """Leave a throughput as it is from now on."""
    target, name = Target.of(request), request["PolicyName"]
    settings = target.settings(region)
    if settings is None or settings.target is None or settings.policy_name != name:
        raise ObjectNotFoundException(f"No scaling policy found for {target}, policy name: {name}")
    target.change(region, evolve(settings, target=None, policy_name=""))
    return {}


# -- Activities -------------------------------------------------------------------------------------


@operation("DescribeScalingActivities", service=_SERVICE)
def describe_scaling_activities(region: Region, request: Request) -> Response:
    """What was scaled, newest first."""
    wanted = request.get("ResourceId"), request.get("ScalableDimension")
    activities = []
    known = request["ServiceNamespace"] == "dynamodb"
    scaled = region.environment.events.of("throughput-scaled") if known else ()
    for number, event in enumerate(scaled):
        details = event.details
        target = Target(details["table"], (details["index"], details["capacity"]))
        named = target.named
        asked = zip(wanted, (named["ResourceId"], named["ScalableDimension"]), strict=True)
        if event.region != region.name or any(one not in (None, own) for one, own in asked):
            continue
        what = f"{details['capacity'].lower()} capacity units to {details['units']}"
        activities.append(
            {
                **named,
                "ActivityId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{target} {number}")),
                "Description": f"Setting {what}.",
                "Cause": f"{_metric(target)} was away from its target value",
                "StartTime": _time(event.time),
                "EndTime": _time(event.time),
                "StatusCode": "Successful",
                "StatusMessage": f"Successfully set {what}. Change successfully fulfilled by dynamodb.",
            }
        )
    last = len(activities)
    newest = ((f"{last - place:012}", activity) for place, activity in enumerate(activities, 1))
    return _page("ScalingActivities", newest, request)


# -- All of them ------------------------------------------------------------------------------------


def _registered(region: Region, request: Request) -> Iterator[tuple[Target, ScalingSettings]]:
    """The targets that a request of a description may mean."""
    if request["ServiceNamespace"] != "dynamodb":
        return
    resource, dimension = request.get("ResourceId"), request.get("ScalableDimension")
    for name, table in region.tables.items():
        scaling = table.parts.find(AutoScaling)
        for key, settings in {} if scaling is None else dict(scaling.settings).items():
            target = Target(name, key)
            named = target.named
            if (
                not settings.disabled
                and resource in (None, named["ResourceId"])
                and dimension in (None, named["ScalableDimension"])
            ):
                yield target, settings


def _metric(target: Target) -> str:
    return f"DynamoDB{target.dimension[1]}CapacityUtilization"


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _page(member: str, shown: Iterable[tuple[str, dict[str, Any]]], request: Request) -> Response:
    """One page in the order of the keys, and the token of the next one if there is more."""
    size = request.get("MaxResults", _LARGEST_PAGE)
    if not 1 <= size <= _LARGEST_PAGE:
        raise ValidationException(f"MaxResults must be between 1 and {_LARGEST_PAGE}")
    after = ""
    if "NextToken" in request:
        try:
            after = bytes.fromhex(request["NextToken"]).decode()
        except ValueError:
            raise InvalidNextTokenException("The next token is not valid") from None
    rest = sorted((one for one in shown if one[0] > after), key=lambda one: one[0])
    answer: Response = {member: [content for _, content in rest[:size]]}
    if len(rest) > size:
        answer["NextToken"] = rest[size - 1][0].encode().hex()
    return answer
