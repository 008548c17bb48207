"""The world: what users hold in their hands.

It composes the engine with clients, server, templates, files and checker; nothing below imports it.  What
most tests never ask for is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3

from ddbha import server
from ddbha.api.registry import Caller
from ddbha.boto import clients
from ddbha.clock import Clock
from ddbha.collector import collector_paused
from ddbha.engine import Engine
from ddbha.errors import UsageError
from ddbha.faults.catalogue import Faults
from ddbha.followers.kinesis import KinesisStreams
from ddbha.observe.events import Timeline
from ddbha.observe.metrics import Metrics
from ddbha.recovery.objects import Bucketed, Objects
from ddbha.region.places import check_region
from ddbha.region.region import Region, Regions
from ddbha.region.table import Table
from ddbha.settings import Arguments, Settings
from ddbha.verify.history import History

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from typing_extensions import Self, Unpack

    from ddbha.boto.event_source import EventSourceMapping
    from ddbha.recovery.planning import Rule
    from ddbha.recovery.plans import BackupPlan
    from ddbha.recovery.vaults import BackupVault
    from ddbha.verify.availability import Availability


class World:
    """DynamoDB in this process.

    The arguments are those of `ddbha.settings.Settings`, which says what each is; all have defaults.
    Raises `UsageError` for settings that there are not, and for values that make no sense.
    """

    def __init__(self, **settings: Unpack[Arguments]) -> None:
        self.engine = self._new_engine(Settings.of(settings))
        self.clock: Clock = self.engine.clock
        self.seed = self.engine.settings.seed
        self.account_id = self.engine.account_id
        self.faults: Faults = self.engine.faults
        #: What clients asked for and were told; `history.start()` records it from then on.
        self.history: History = self.engine.history

    def _new_engine(self, settings: Settings) -> Engine:
        return Engine(settings)

    # -- Ways in ----------------------------------------------------------------------------------

    @overload
    def client(
        self,
        service_name: Literal["dynamodb"],
        *,
        region_name: str | None = None,
        account_id: str | None = None,
        **kwargs: Any,
    ) -> DynamoDBClient: ...
    @overload
    def client(
        self,
        service_name: Literal["dynamodbstreams"],
        *,
        region_name: str | None = None,
        account_id: str | None = None,
        **kwargs: Any,
    ) -> DynamoDBStreamsClient: ...
    @overload
    def client(
        self,
        service_name: Literal["application-autoscaling"],
        *,
        region_name: str | None = None,
        account_id: str | None = None,
        **kwargs: Any,
    ) -> Any: ...
    def client(
        self,
        service_name: str,
        *,
        region_name: str | None = None,
        account_id: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """A botocore client of the world; `kwargs` are those of `boto3.client`.

        The region is `region_name`, else the config's, else AWS_DEFAULT_REGION, else us-east-1.  The
        account is `account_id`, else an access key id of twelve digits, else the world's.
        Raises `UsageError` for a service that a world does not have.
        """
        return clients.client(
            self.engine, service_name, region_name=region_name, account_id=account_id, **kwargs
        )

    def resource(
        self,
        service_name: Literal["dynamodb"],
        *,
        region_name: str | None = None,
        account_id: str | None = None,
        **kwargs: Any,
    ) -> DynamoDBServiceResource:
        """A boto3 resource of the world; arguments and errors are those of `client`."""
        resource: DynamoDBServiceResource = clients.resource(
            self.engine, service_name, region_name=region_name, account_id=account_id, **kwargs
        )
        return resource

    def session(self, *, region_name: str | None = None, account_id: str | None = None) -> boto3.Session:
        """A `boto3.Session` whose DynamoDB is the world's; its other services are ordinary."""
        return clients.session(self.engine, region_name=region_name, account_id=account_id)

    def serve(
        self,
        *,
        host: str = server.LOOPBACK,
        port: int = 0,
        allow_hosts: Iterable[str] = (),
        allow_origins: Iterable[str] = (),
    ) -> AbstractContextManager[str]:
        """The world as an HTTP endpoint, in a thread of its own, for as long as the context is open.

        The context's value is the endpoint's URL.  Port 0 is any free one.  Credentials are not checked,
        so mind who can reach `host`.  The endpoint is called by a loopback name, by the address that it
        is reached at, and by `allow_hosts` like db.test; web pages may use it whose origin is its own or
        one of `allow_origins` like http://localhost:3000; "*" is all of them.  Raises `UsageError` if
        ddbha[server] is not installed, if the address cannot be had, or for what is no name or origin.
        """
        return server.serve(
            self.engine, host=host, port=port, allow_hosts=allow_hosts, allow_origins=allow_origins
        )

    # -- Tables and items -------------------------------------------------------------------------

    def create_from(
        self,
        template: Mapping[str, Any] | list[Any] | str | PathLike[str],
        *,
        region: str = "us-east-1",
        parameters: Mapping[str, Any] | None = None,
    ) -> list[str]:
        """Create the tables of a template, all of them or none; returns their names, in its order.

        `template` is a CloudFormation or SAM template, an answer of DescribeTable, a request of
        CreateTable, or a list of the last two: as objects, as JSON or YAML text, or as the path of a
        file.  YAML needs PyYAML (`ddbha[templates]`).  Resources that are no tables are ignored.
        `parameters` are the template's; without a TableName a table is called
        AWS::StackName-LogicalId, and the stack "stack" unless `parameters` says otherwise.

        Raises `UsageError`, naming the resource, for what cannot be followed: conditions, functions other
        than Ref, Fn::Sub and Fn::Join, unknown properties.  What DynamoDB refuses raises botocore's
        `ClientError`.
        """
        from ddbha.templates import cloudformation

        return cloudformation.create_from(self.engine, template, region=region, parameters=parameters)

    def load_items(
        self,
        table: str,
        source: Iterable[Mapping[str, Any]] | str | PathLike[str],
        *,
        region: str = "us-east-1",
    ) -> int:
        """Put items into a table, all of them or none; returns how many there are.

        `source` is an iterable of items, or the path of a file: a JSON list of items, one item, or JSON
        Lines with an item on each.  An item is DynamoDB-JSON if every attribute is an object with one
        type's descriptor, as in {"id": {"S": "a"}}, and otherwise plain values, as a boto3 resource takes
        them; numbers of files are read exactly.  {"Item": ...} with DynamoDB-JSON inside is a line of an
        export.  No capacity is consumed, and nothing is throttled; streams and indexes see the writes.

        Raises `UsageError`, naming the item or line, for what cannot be read or what PutItem would
        refuse; `AwsError` if there is no such table, or if a partition has no leader.
        """
        from ddbha.templates import seeding

        return seeding.load_items(self.engine, table, source, region=region)

    def table(self, name: str, *, region: str = "us-east-1", account_id: str | None = None) -> Table:
        """A table for inspection; `UnknownPlaceError` if there is none."""
        return self.engine.table(name, Caller(account_id or self.account_id, region))

    def backup_plan(
        self,
        schedule: str,
        *,
        region: str = "us-east-1",
        account_id: str | None = None,
        **rule: Unpack[Rule],
    ) -> BackupPlan:
        """Back tables up from now on; the backups are of the type AWS_BACKUP.

        `schedule` is like rate(12 hours) or cron(0 5 ? * * *), in UTC; `rule` says which tables, and what
        becomes of the backups: see `ddbha.recovery.planning.Rule`.  Raises `UsageError` for what makes no
        sense.
        https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html
        """
        from ddbha.recovery import planning

        place = self._place(region, account_id)
        with self.engine.standstill():
            return planning.begin_plan(place, schedule, **rule)

    def backup_vault(
        self, name: str = "Default", *, region: str = "us-east-1", account_id: str | None = None
    ) -> BackupVault:
        """A vault of AWS Backup, made when it is first asked for: its recovery points, and its lock."""
        from ddbha.recovery.vaults import vault_of

        return vault_of(self._place(region, account_id), name)

    def _place(self, region: str, account_id: str | None) -> Region:
        check_region(region, more=self.engine.settings.more_regions)
        with self.engine.standstill():
            return self.engine.region(Caller(account_id or self.account_id, region))

    def stream_events(
        self, table: str, *, region: str = "us-east-1", **settings: Any
    ) -> EventSourceMapping:
        """What AWS Lambda makes of the table's stream: event batches, and their delivery to a handler.

        `settings` are those of `EventSourceMapping`, such as batch_size=10.  Raises `UsageError` for a
        setting out of range and for a table that has no stream.
        """
        from ddbha.boto.event_source import EventSourceMapping

        found = self.table(table, region=region)
        if found.settings.stream_label is None:
            raise UsageError(f"The table {table!r} has no stream; enable one with UpdateTable.")
        arn = f"{found.arn}/stream/{found.settings.stream_label}"
        return EventSourceMapping(
            self.client("dynamodbstreams", region_name=region), arn, now=self.clock.time, **settings
        )

    # -- What is there ------------------------------------------------------------------------------

    @property
    def events(self) -> Timeline:
        """What happened, oldest first."""
        return self.engine.events

    @property
    def metrics(self) -> Metrics:
        """What was consumed, throttled and so on, by minute, under CloudWatch's names."""
        return self.engine.metrics

    @property
    def objects(self) -> Objects:
        """Where exports go and imports come from: `objects[bucket][key]` are bytes.

        Asking for a bucket makes it.  Raises `UsageError` if the world was given an S3 client.
        """
        with self.engine.standstill() as environment:
            objects = environment.parts.the(Bucketed).own
            if not isinstance(objects, Objects):
                raise UsageError("This world keeps its objects in the S3 that it was given; ask there.")
            return objects

    @property
    def kinesis(self) -> KinesisStreams:
        """The records that tables put to Kinesis data streams, by the ARN of the stream.

        A stream is there from when a table has it as an active destination, and keeps records for a day.
        """
        with self.engine.standstill() as environment:
            return environment.kinesis

    def verify(self) -> None:
        """Raise `InvariantError` if anything holds that never may.

        Looks at what the replicas hold and, if `history` was recorded, at what clients were told; the
        error names the request that does not fit, and shows the history around it.
        """
        from ddbha.verify.verification import verify

        with self.engine.standstill() as environment:
            environment.settle()
            verify(self.engine.regions, self.clock.time(), self.history, self.events)

    def availability(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        stands_for: Mapping[str, str] | None = None,
    ) -> Availability:
        """How requests were served that began from `since` until `until`, from the recorded history.

        Acknowledged writes are lost if no table in reach holds them; `stands_for` names, by the tables
        that were written to, those that took their places, such as a restored one.  Raises `UsageError`
        if nothing was recorded: `World(history=True)` or `history.start()` does that.
        """
        from ddbha.verify.availability import measure

        if not (self.history.recording or self.engine.attempts.recording):
            raise UsageError("Nothing was recorded: make the World with history=True.")
        with self.engine.standstill() as environment:
            environment.settle()
            return measure(
                self.engine.attempts,
                self.engine.regions,
                self.events,
                None if since is None else since.timestamp(),
                None if until is None else until.timestamp(),
                stands_for or {},
            )

    def __repr__(self) -> str:
        return f"<World seed={self.seed} {self.clock.now().isoformat()}>"

    def __str__(self) -> str:
        from ddbha.region import overview

        return self._shown(overview.as_text)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from ddbha.region import overview

        return self._shown(overview.as_html)

    def _shown(self, form: Callable[[str, Regions], str]) -> str:
        with self.engine.standstill() as environment:
            environment.settle()
            title = f"world seed={self.seed} at {self.clock.now().isoformat()}"
            return form(title, self.engine.regions)

    # -- Files, and starting over -------------------------------------------------------------------

    def save(self, path: str | PathLike[str]) -> None:
        """Keep the world in a file: tables with items and settings, history, and backups.

        Raises `UsageError` if it is in the middle of something that a file cannot hold: a fault, a
        transition of the control plane, writes between regions.  docs/world-file.md describes the format.
        """
        from ddbha.world_file import saving

        with self.engine.standstill() as environment, collector_paused():
            if self.faults.active or self.faults.scheduled:
                raise UsageError("A world with faults cannot be saved; end them with faults.end_all().")
            if environment.locks:
                raise UsageError(
                    "A world with an ongoing transaction cannot be saved; let its time pass."
                )
            facts = {"request_ids": self.engine.request_ids.getstate()}
            saving.save(Path(path), self.engine.regions, facts)

    @classmethod
    def load(
        cls,
        path: str | PathLike[str],
        *,
        clock: Clock | None = None,
        s3: Any = None,
        limit: int | None = None,
    ) -> Self:
        """The world that `save` kept in a file.

        Its clock goes on where the other one was, unless a `clock` is given.  Raises `WorldFileError`
        for a file that is foreign, damaged or truncated, or unpacks to more than `limit` bytes (1 GB
        unless told otherwise), and `UsageError` for a clock that is behind.
        """
        from ddbha.world_file.container import LIMIT, Members
        from ddbha.world_file.loading import WorldFile, random_state

        file = WorldFile.read(Members.read(Path(path), LIMIT if limit is None else limit))
        clock = file.clock(clock)
        with collector_paused(), file.refusing_contradictions():
            world = cls(**file.settings(clock, s3))
            file.fill(world.engine.regions)
            world.engine.request_ids.setstate(random_state(file.header["request_ids"]))
        return world

    def reset(self) -> None:
        """Back to an empty world, with the same clock and seed."""
        self.engine.reset()
