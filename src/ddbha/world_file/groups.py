"""Global tables in a world's file: which tables belong together.

Replicas are only saved once nothing is on its way between them: then they are equal, and what they knew
of the versions of their items decides nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import Any

from ddbha.api.global_tables.new_replicas import new_group, new_member
from ddbha.errors import UsageError
from ddbha.region.environment import Environment
from ddbha.region.region import Regions


def groups(environment: Environment) -> Iterator[dict[str, Any]]:
    """The global tables of a world; `UsageError` while one of them is in the middle of something."""
    environment.settle()
    for group in environment.global_tables:
        name = group.name
        for member in group.members.values():
            if member.shown_status != "ACTIVE":
                raise UsageError(
                    f"The replica of {name!r} in {member.region} is {member.shown_status}. Advance the "
                    "clock until that is over, and save then."
                )
        if any(group.pending(*pair) for pair in permutations(group.members, 2)):
            raise UsageError(
                f"Writes to {name!r} are on their way between regions. Let them arrive before saving."
            )
        yield {
            "name": name,
            "consistency": group.consistency,
            "witnesses": list(group.witnesses),
            "members": [
                {
                    "region": member.region,
                    "account": member.account_id,
                    "joined": member.joined,
                    "source": member.source,
                    "overrides": member.overrides,
                }
                for member in group.members.values()
            ],
        }


def join(regions: Regions, entries: Iterable[dict[str, Any]]) -> None:
    """Make tables that were loaded the global tables that `groups` described."""
    for entry in entries:
        name = entry["name"]
        group = new_group(regions, name, strong=entry["consistency"] == "STRONG")
        for each in entry["members"]:
            # Files of before have one account for all members.
            account = each["account"] if "account" in each else entry["account"]
            region = regions.of(account, each["region"])
            table = region.tables[name]
            member = new_member(group, region, table)
            member.status, member.joined = "ACTIVE", each["joined"]
            member.source, member.overrides = each["source"], each["overrides"]
            group.add(member)
            member.attach()
            table.membership = member
        for witness in entry["witnesses"]:
            group.add_witness(witness)
            group.witnesses[witness] = "ACTIVE"
