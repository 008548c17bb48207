"""DynamoDB inside the test process, with high availability simulated."""

from ddbha.boto.mock import mock
from ddbha.clock import Clock, ManualClock, SystemClock, Timings
from ddbha.errors import AwsError, DdbhaError
from ddbha.world import World

__all__ = ["AwsError", "Clock", "DdbhaError", "ManualClock", "SystemClock", "Timings", "World", "mock"]
