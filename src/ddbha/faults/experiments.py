"""Experiments of AWS Fault Injection Service: their templates, as faults of a world.

https://docs.aws.amazon.com/fis/latest/userguide/experiment-template-components.html
https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
and the scenarios that AWS has ready, such as
https://docs.aws.amazon.com/fis/latest/userguide/az-availability-scenario.html
https://docs.aws.amazon.com/fis/latest/userguide/cross-region-scenario.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from attrs import Factory, define, field, frozen

from ddbha.errors import UsageError
from ddbha.faults.fault import Fault
from ddbha.observe.metrics import Metrics
from ddbha.region.environment import Environment

#: What the API actions of FIS answer with.
API_ERRORS = {
    "aws:fis:inject-api-internal-error": "InternalServerError",
    "aws:fis:inject-api-throttle-error": "ThrottlingException",
    "aws:fis:inject-api-unavailable-error": "ServiceUnavailable",
}
#: Actions that are followed, besides those.
FOLLOWED = (
    "aws:dynamodb:global-table-pause-replication",
    "aws:network:disrupt-connectivity",
    "aws:network:route-table-disrupt-cross-region-connectivity",
    "aws:network:transit-gateway-disrupt-cross-region-connectivity",
    "aws:arc:start-zonal-autoshift",
    "aws:fis:wait",
)
GLOBAL_TABLE = "aws:dynamodb:global-table"
#: The filters of a target that say in which zone it is.
_ZONE_FILTERS = ("AvailabilityZone", "Placement.AvailabilityZone")
#: Seconds between looks at stop conditions.
LOOK = 60.0
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")
_ARN = re.compile(r"arn:aws[^:]*:[^:]+:([^:]*):[^:]*:(.+)")

#: Where a template has objects, lists and texts; * stands for any name.
_SHAPE: Mapping[str, Any] = {
    "actions": {
        "*": {"actionId": str, "parameters": {}, "targets": {"*": str}, "startAfter": [str]},
    },
    "targets": {
        "*": {
            "resourceType": str,
            "resourceArns": [str],
            "resourceTags": {},
            "filters": [{"path": str, "values": [str]}],
            "parameters": {"availabilityZoneIdentifier": str},
        },
    },
    "stopConditions": [{"source": str, "value": str}],
    "experimentOptions": {},
}

Alarm = Callable[[Metrics], bool]


@frozen
class Target:
    """What an action is aimed at: resources by region and name, those with tags, those in zones."""

    kind: str
    places: tuple[tuple[str, str], ...]
    tags: Mapping[str, str]
    zones: tuple[str, ...]


@frozen
class Action:
    """One action: what it does, when it begins and how long it takes, in seconds."""

    name: str
    id: str
    parameters: Mapping[str, str]
    targets: tuple[Target, ...]
    start: float
    seconds: float


@define(eq=False)
class Experiment:
    """A running experiment; leaving its context, or a stop condition, ends it.

    `status` is RUNNING, COMPLETED or STOPPED.
    """

    actions: tuple[Action, ...]
    _environment: Environment
    _alarms: tuple[Alarm, ...]
    faults: list[Fault] = Factory(list)
    status: str = field(default="RUNNING", init=False)

    def begin(self) -> None:
        """Look at the stop conditions from now on, until the last action is over."""
        ends = max((action.start + action.seconds for action in self.actions), default=0.0)
        self._environment.later(ends, self._complete)
        if self._alarms:
            self._environment.later(LOOK, self._look)

    def end(self) -> None:
        """Stop: all faults end, and those that have not begun never do."""
        with self._environment.standstill():
            for fault in self.faults:
                fault.end()
            if self.status == "RUNNING":
                self.status = "STOPPED"

    def _complete(self) -> None:
        if self.status == "RUNNING":
            self.status = "COMPLETED"

    def _look(self) -> None:
        if self.status != "RUNNING":
            return
        if any(alarm(self._environment.metrics) for alarm in self._alarms):
            self._environment.record("experiment-stopped", "")
            self.end()
            return
        self._environment.later(LOOK, self._look)

    def __enter__(self) -> Experiment:
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()


def read_template(given: Mapping[str, Any] | str) -> Mapping[str, Any]:
    """The experiment template in a JSON text, an object, or the one of a CloudFormation template."""
    try:
        template = json.loads(given) if isinstance(given, str) else given
    except ValueError as error:
        raise UsageError(f"The template is no JSON: {error}") from None
    if not isinstance(template, Mapping):
        raise UsageError("An experiment template is an object with actions and targets.")
    if "Resources" in template:
        _check_shape(template["Resources"], {"*": {"Properties": {}}}, "Resources")
        found = [
            resource.get("Properties", {})
            for resource in template["Resources"].values()
            if resource.get("Type") == "AWS::FIS::ExperimentTemplate"
        ]
        if len(found) != 1:
            raise UsageError(f"The template has {len(found)} AWS::FIS::ExperimentTemplate; one is run.")
        template = _lowered(found[0])
    if not template.get("actions"):
        raise UsageError("The experiment template has no actions.")
    _check_shape(template, _SHAPE, "The experiment template")
    return template


def _check_shape(value: Any, shape: Any, where: str) -> None:
    """Raise `UsageError` for what is no object or list where one has to be; what is not there may be."""
    if isinstance(shape, Mapping):
        if not isinstance(value, Mapping):
            raise UsageError(f"{where} is no object but {value!r}.")
        for name, one in value.items():
            inner = shape.get(name, shape.get("*"))
            if inner is not None and (one is not None or name not in shape):
                _check_shape(one, inner, f"{where}: {name}")
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise UsageError(f"{where} is no list but {value!r}.")
        for one in value:
            _check_shape(one, shape[0], where)
    elif not isinstance(value, shape):
        raise UsageError(f"{where} is no text but {value!r}.")


def _lowered(value: Any, depth: int = 0) -> Any:
    """Members as FIS's own API spells them; what users name (actions, targets, parameters) stays."""
    if isinstance(value, list):
        return [_lowered(one, depth) for one in value]
    if not isinstance(value, Mapping):
        return value
    lowered = {name[:1].lower() + name[1:]: one for name, one in value.items()}
    for member in ("actions", "targets"):
        if depth == 0 and isinstance(lowered.get(member), Mapping):
            lowered[member] = {name: _lowered(one, 1) for name, one in lowered[member].items()}
    if depth == 0 and "stopConditions" in lowered:
        lowered["stopConditions"] = _lowered(lowered["stopConditions"], 1)
    return lowered


def read_actions(template: Mapping[str, Any], ignore: Iterable[str]) -> tuple[Action, ...]:
    """The actions in the order of their beginnings; `UsageError` names what cannot be followed."""
    ignored = tuple(ignore)
    given = {
        name: one
        for name, one in template["actions"].items()
        if not any(fnmatchcase(str(one.get("actionId")), pattern) for pattern in ignored)
    }
    ends: dict[str, float] = {}
    read: dict[str, Action] = {}
    waiting = dict(given)
    while waiting:
        ready = [
            name
            for name, one in waiting.items()
            if all(before in ends or before not in given for before in one.get("startAfter", ()))
        ]
        if not ready:
            raise UsageError(f"The actions {', '.join(sorted(waiting))} wait for each other.")
        for name in ready:
            one = waiting.pop(name)
            start = max((ends.get(before, 0.0) for before in one.get("startAfter", ())), default=0.0)
            action = _action(name, one, template.get("targets") or {}, start)
            read[name], ends[name] = action, start + action.seconds
    return tuple(sorted(read.values(), key=lambda action: action.start))


def _action(name: str, given: Mapping[str, Any], targets: Mapping[str, Any], start: float) -> Action:
    kind = given.get("actionId")
    if kind not in API_ERRORS and kind not in FOLLOWED:
        raise UsageError(
            f"The action {name!r} is {kind}, which is none of {', '.join((*API_ERRORS, *FOLLOWED))}. "
            "If it has nothing to do with DynamoDB, name it in ignore=."
        )
    parameters = {str(key): str(value) for key, value in (given.get("parameters") or {}).items()}
    return Action(
        name,
        str(kind),
        parameters,
        tuple(_targets(name, given.get("targets") or {}, targets)),
        start,
        _seconds(name, parameters.get("duration", "")),
    )


def _targets(name: str, wanted: Mapping[str, str], targets: Mapping[str, Any]) -> Iterator[Target]:
    for target in wanted.values():
        if target not in targets:
            raise UsageError(f"The action {name!r} is aimed at {target!r}, which is no target.")
        told = targets[target]
        zones = [(told.get("parameters") or {}).get("availabilityZoneIdentifier")]
        for chosen in told.get("filters") or ():
            if chosen.get("path") not in _ZONE_FILTERS:
                raise UsageError(
                    f"The target {target!r} is filtered by {chosen.get('path')}; name its resourceArns, "
                    f"or filter by {' or '.join(_ZONE_FILTERS)}."
                )
            zones += chosen.get("values") or ()
        yield Target(
            str(told.get("resourceType")),
            tuple(_place(target, arn) for arn in told.get("resourceArns") or ()),
            told.get("resourceTags") or {},
            tuple(zone for zone in zones if zone),
        )


def _place(target: str, arn: str) -> tuple[str, str]:
    match = _ARN.fullmatch(arn)
    if match is None:
        raise UsageError(f"{arn!r} in the target {target!r} is no ARN.")
    return match[1], match[2].rpartition("/")[2]


def skips_empty_targets(template: Mapping[str, Any]) -> bool:
    """Whether an action is left out whose targets are not there; else that is an error."""
    return (template.get("experimentOptions") or {}).get("emptyTargetResolutionMode") == "skip"


def _seconds(name: str, duration: str) -> float:
    match = _DURATION.fullmatch(duration)
    if match is None or duration == "PT":
        raise UsageError(f"The action {name!r} needs a duration like PT5M, not {duration!r}.")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return 3600.0 * hours + 60.0 * minutes + seconds


def read_alarms(template: Mapping[str, Any], alarms: Mapping[str, Alarm]) -> tuple[Alarm, ...]:
    """The stop conditions; `UsageError` for an alarm that nobody has told what it means."""
    found = []
    for condition in template.get("stopConditions") or ():
        if condition.get("source") in (None, "none"):
            continue
        arn = str(condition.get("value"))
        name = arn.rpartition(":")[2]
        if arn not in alarms and name not in alarms:
            raise UsageError(
                f"The stop condition {arn!r} is an alarm of CloudWatch: say when it rings with "
                f"alarms={{{name!r}: lambda metrics: ...}}."
            )
        found.append(alarms.get(arn) or alarms[name])
    return tuple(found)
