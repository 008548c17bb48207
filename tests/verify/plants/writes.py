"""Writes that go wrong, and what is told of them."""

from __future__ import annotations

from typing import Any

import pytest

import ddbha
from ddbha.api.data import items as items_module
from ddbha.api.data import transactions as transactions_module
from ddbha.api.idempotency import Tokens
from ddbha.errors import (
    AwsError,
    ConditionalCheckFailedException,
    DuplicateItemException,
)
from ddbha.expressions import update as update_module
from ddbha.values.image import unpack
from tests.verify.plants.plant import Effects, answering, copied

CONDITION_FAILED = (ConditionalCheckFailedException, DuplicateItemException)


def condition_that_always_holds(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Conditions are asked for and forgotten."""
    check = items_module.check_condition

    def forget(*arguments: Any) -> None:
        try:
            check(*arguments)
        except AwsError:
            effects.note()

    patch.setattr(items_module, "check_condition", forget)


def condition_that_never_holds(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Every second condition is said to have failed."""
    check = items_module.check_condition
    failed: list[AwsError] = []

    def refuse(*arguments: Any) -> None:
        try:
            check(*arguments)
        except AwsError as error:
            failed.append(error)
            raise
        if effects.is_turn(2):
            raise ConditionalCheckFailedException

    def was_told(world: ddbha.World) -> bool:
        """Answers may be lost."""
        told = [call for call in world.history if isinstance(call.error, CONDITION_FAILED)]
        return len(told) > len(failed)

    patch.setattr(items_module, "check_condition", refuse)
    effects.at_end.append(was_told)


def set_that_keeps(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """DELETE takes nothing from a set."""
    delete = update_module._delete

    def keep(item: Any, path: Any, operand: Any) -> None:
        before = str(item)
        delete(after := copied(item), path, operand)
        effects.note(str(after) != before)

    patch.setattr(update_module, "_delete", keep)


def count_that_counts_twice(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """An update with ADD is done twice."""

    def change(region: Any, request: Any, answer: Any) -> Any:
        found = answer(region, request)
        if "ADD hits" in request.get("UpdateExpression", "") and effects.is_turn(2):
            answer(region, request)
            effects.note()
        return found

    answering(patch, "UpdateItem", change)


def update_that_forgets(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """Every second update is answered, and changes nothing."""
    apply = update_module.Update.apply
    forgotten: list[bool] = []

    def forget(self: Any, item: Any, values: Any) -> Any:
        before = copied(item)
        after = apply(self, item, values)
        forgotten.append(before != after)
        return before

    def change(region: Any, request: Any, answer: Any) -> Any:
        if effects.is_turn(2):
            return answer(region, request)
        forgotten.clear()
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(update_module.Update, "apply", forget)
            found = answer(region, request)
        effects.note(any(forgotten))
        return found

    answering(patch, "UpdateItem", change)


def put_that_merges(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A put keeps what it does not name."""

    def change(region: Any, request: Any, answer: Any) -> Any:
        table = region.table(request["TableName"])
        key = table.schema.key(request["Item"])
        image = table.partition(key).leader.items.images.get(key)
        old = {} if image is None else unpack(image)
        found = answer(region, {**request, "Item": {**old, **request["Item"]}})
        effects.note(not old.keys() <= request["Item"].keys())
        return found

    answering(patch, "PutItem", change)


def delete_that_does_nothing(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A deletion is answered, and not done."""

    def change(region: Any, request: Any, answer: Any) -> Any:
        table = region.table(request["TableName"])
        key = table.schema.key(request["Key"])
        effects.note(table.partition(key).leader.items.images.get(key))
        return {}

    answering(patch, "DeleteItem", change)


def wrong_old_values(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """ALL_OLD shows what the put left."""

    def change(region: Any, request: Any, answer: Any) -> Any:
        found = answer(region, request)
        if "Attributes" in found:
            effects.note()
            return {**found, "Attributes": request["Item"]}
        return found

    answering(patch, "PutItem", change)


def batch_that_drops(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A batch leaves its last put out, and does not say so."""

    def change(region: Any, request: Any, answer: Any) -> Any:
        ((name, entries),) = request["RequestItems"].items()
        puts = [entry for entry in entries if "PutRequest" in entry]
        found = answer(
            region, {**request, "RequestItems": {name: [e for e in entries if e is not puts[-1]]}}
        )
        effects.note()
        return found

    answering(patch, "BatchWriteItem", change)


def batch_that_denies(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A batch hands an entry back that it has done."""

    def change(region: Any, request: Any, answer: Any) -> Any:
        found = answer(region, request)
        ((name, entries),) = request["RequestItems"].items()
        effects.note()
        return {**found, "UnprocessedItems": {name: [entries[0]]}}

    answering(patch, "BatchWriteItem", change)


def half_a_transaction(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """The last item that a transaction changes is left as it was."""
    commit: Any = transactions_module._commit

    def half(*arguments: Any) -> None:
        *others, written = arguments
        changed = [effect for effect in written if effect.new is not effect.old]
        effects.note(changed)
        commit(*others, [effect for effect in written if effect not in changed[-1:]])

    patch.setattr(transactions_module, "_commit", half)


def token_that_is_ignored(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A transaction that is asked for again is done again."""
    known = Tokens.effects

    def ignore(self: Tokens, *arguments: Any) -> Any:
        effects.note(known(self, *arguments))

    patch.setattr(Tokens, "effects", ignore)


def torn_transaction(patch: pytest.MonkeyPatch, effects: Effects) -> None:
    """A read of several items shows the first of them as the read before did."""
    last: list[Any] = []

    def change(region: Any, request: Any, answer: Any) -> Any:
        found = answer(region, request)
        before = last.pop() if last else found["Responses"][0]
        last.append(found["Responses"][0])
        effects.note(before != found["Responses"][0])
        return {**found, "Responses": [before, *found["Responses"][1:]]}

    answering(patch, "TransactGetItems", change)
