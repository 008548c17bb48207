"""Custom::DynamoDBReplica: how CDK's older Table construct writes each of its `replicationRegions`.

https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_dynamodb.Table.html
"""

from __future__ import annotations

from attrs import evolve

from ddbha.errors import UsageError
from ddbha.templates.declarations import Declaration, replication
from ddbha.templates.properties import Properties

REPLICA = "Custom::DynamoDBReplica"
#: What says how long its function waits, and what it does when the stack is deleted.
_OF_THE_FUNCTION = ("SkipReplicationCompletedWait", "SkipReplicaDeletion")


def add_replica(properties: Properties, declarations: list[Declaration], region: str) -> None:
    """Let a table of the template get a replica.

    One in the region of the stack is left out, as CDK's conditions do in stacks for any region.
    """
    name, place = properties.take("TableName"), properties.take("Region")
    for member in _OF_THE_FUNCTION:
        properties.take(member)
    properties.finish()
    for number, declaration in enumerate(declarations):
        if declaration.name == name:
            if place != region:
                declaration.requests.extend(replication(region, name, [place]))
                declarations[number] = evolve(declaration, places=(*declaration.places, place))
            return
    raise UsageError(
        f"{properties.resource} is a replica of {name!r}, which is no table of the template."
    )
