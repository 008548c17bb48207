"""Faults planted in the engine, and worlds in which the checker must find each of them."""

from __future__ import annotations

import pytest
from attrs import frozen

from ddbha.errors import (
    InvariantError,
)
from tests.verify.clean_worlds import KINDS
from tests.verify.plants import pages, recorded, regions, replicas, writes
from tests.verify.plants.plant import Effects, Install


@frozen
class Plant:
    """A fault, and the kind of world that shows it."""

    install: Install
    kind: str = "one_region"

    def had_effect(self, seed: int) -> bool:
        """Whether the fault made a difference in a world; `AssertionError` if it did, and none saw it."""
        effects = Effects()
        with pytest.MonkeyPatch.context() as patch:
            self.install(patch, effects)
            try:
                world = KINDS[self.kind](seed)
            except AssertionError:
                # What the engine asserts itself was seen as well.
                return True
            if not effects.count and not any(differs(world) for differs in effects.at_end):
                return False
            try:
                world.verify()
            except InvariantError:
                return True
        raise AssertionError(f"nobody saw it in the world of seed {seed}")


#: Every fault by its name.
PLANTS: dict[str, Plant] = {
    "early acknowledgement": Plant(replicas.early_acknowledgement, "failing_zones"),
    "shortest log elected": Plant(replicas.shortest_log_elected, "failing_zones"),
    "replicas out of order": Plant(replicas.replicas_out_of_order),
    "split that loses": Plant(replicas.split_that_loses),
    "stale strong read": Plant(replicas.stale_strong_read),
    "condition that always holds": Plant(writes.condition_that_always_holds),
    "condition that never holds": Plant(writes.condition_that_never_holds),
    "set that keeps": Plant(writes.set_that_keeps),
    "count that counts twice": Plant(writes.count_that_counts_twice),
    "update that forgets": Plant(writes.update_that_forgets),
    "put that merges": Plant(writes.put_that_merges),
    "delete that does nothing": Plant(writes.delete_that_does_nothing),
    "wrong old values": Plant(writes.wrong_old_values),
    "batch that drops": Plant(writes.batch_that_drops),
    "batch that denies": Plant(writes.batch_that_denies),
    "half a transaction": Plant(writes.half_a_transaction),
    "token that is ignored": Plant(writes.token_that_is_ignored),
    "torn transaction": Plant(writes.torn_transaction),
    "page that skips": Plant(pages.page_that_skips(index=False)),
    "page of an index that skips": Plant(pages.page_that_skips(index=True)),
    "filter that lets through": Plant(pages.filter_that_lets_through),
    "page in disorder": Plant(pages.page_in_disorder),
    "page that cuts off": Plant(pages.page_that_cuts_off),
    "count that forgets": Plant(pages.count_that_forgets),
    "page that looked at more": Plant(pages.page_that_looked_at_more),
    "nameless items that differ": Plant(pages.nameless_items_that_differ),
    "page of a statement that cuts off": Plant(pages.page_of_a_statement_that_cuts_off),
    "index that skips": Plant(pages.index_that_skips),
    "stream that repeats": Plant(recorded.stream_that_repeats),
    "stream that loses": Plant(recorded.stream_that_loses),
    "stream out of order": Plant(recorded.stream_out_of_order),
    "expiry too early": Plant(recorded.expiry_too_early),
    "expiry of anything": Plant(recorded.expiry_of_anything),
    "backup with live references": Plant(recorded.backup_with_live_references),
    "restore that lacks": Plant(recorded.restore_that_lacks),
    "restore one record off": Plant(recorded.restore_one_record_off),
    "shipment that is lost": Plant(regions.shipment_that_is_lost, "two_regions"),
    "last writer loses": Plant(regions.last_writer_loses, "two_regions"),
    "region wins": Plant(regions.region_wins, "two_regions"),
}
