"""Expressions to syntax trees: conditions, projections and updates.

The grammar is that of AWS's own client for DAX, which reads expressions before it sends them
(https://github.com/aws/aws-dax-js-sdk, `DynamoDbGrammar.g4`).
"""

from __future__ import annotations

from attrs import define, field

from ddbha.expressions.operands import AFTER_OPERAND, COMPARATORS, OperandParser
from ddbha.expressions.syntax import (
    Action,
    Between,
    Comparison,
    ConditionNode,
    Either,
    Every,
    In,
    Not,
    Path,
)

_CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")


@define
class _Group:
    """The conditions between two parentheses, as far as they have been read."""

    alternatives: list[list[ConditionNode]] = field(factory=lambda: [[]])
    negated: bool = False
    #: Whether all that it holds is another group.
    holds_group: bool = False

    def add(self, node: ConditionNode, *, group: bool) -> None:
        self.holds_group = group and not self.negated and self.alternatives == [[]]
        self.alternatives[-1].append(Not(node) if self.negated else node)
        self.negated = False

    def node(self) -> ConditionNode:
        every = [part[0] if len(part) == 1 else Every(tuple(part)) for part in self.alternatives]
        return every[0] if len(every) == 1 else Either(tuple(every))


class Parser(OperandParser):
    """Reads one expression."""

    def condition(self) -> ConditionNode:
        """A whole condition expression.

        The groups are kept in a list, since they may be nested as deeply as there are operators.
        """
        groups = [_Group()]
        while True:
            while self._accept("NOT"):
                self._operators += 1
                groups[-1].negated = not groups[-1].negated
            opened = self._groups_ahead()
            if opened:
                self._position += opened
                groups.extend(_Group() for _ in range(opened))
                continue
            groups[-1].add(self._comparison(), group=False)
            while self._accept(")"):
                if len(groups) == 1:
                    self._position -= 1
                    raise self._syntax_error()
                closed = groups.pop()
                if closed.holds_group:
                    raise self._redundant()
                groups[-1].add(closed.node(), group=True)
            if self._accept("AND"):
                self._operators += 1
            elif self._accept("OR"):
                self._operators += 1
                groups[-1].alternatives.append([])
            elif len(groups) > 1:
                raise self._syntax_error()
            else:
                self._end()
                return groups[0].node()

    def projection(self) -> tuple[Path, ...]:
        """A whole projection expression: paths with commas between."""
        paths = [self._path()]
        while self._accept(","):
            paths.append(self._path())
        self._end()
        return self._sound(paths)

    def update(self) -> tuple[Action, ...]:
        """A whole update expression: each clause at most once, in any order."""
        actions: list[Action] = []
        targets: list[tuple[Path, str | None]] = []
        seen: set[str] = set()
        while self._token.kind != "end":
            clause = self._token.kind
            if clause not in _CLAUSES:
                raise self._syntax_error()
            if clause in seen:
                self._faults.append(
                    f'The "{clause}" section can only be used once in an update expression;'
                )
            seen.add(clause)
            self._position += 1
            while True:
                target = self._path()
                targets.append(target)
                actions.append(self._action(clause, target[0]))
                if not self._accept(","):
                    break
        self._end()
        self._sound(targets)
        return tuple(actions)

    def _action(self, clause: str, path: Path) -> Action:
        if clause == "REMOVE":
            return Action(clause, path)
        if clause == "SET":
            self._expect("=")
            return Action(clause, path, self._operand(sum_too=True))
        if self._token.kind != "value":
            raise self._syntax_error()
        return Action(clause, path, self._bare_operand())

    def _sound(self, paths: list[tuple[Path, str | None]]) -> tuple[Path, ...]:
        """The paths, if every name in them is known."""
        for _, fault in paths:
            if fault is not None:
                raise self._error(fault)
        return tuple(path for path, _ in paths)

    def _comparison(self) -> ConditionNode:
        if self._at_function() and self._alone():
            return self._function(condition=True)
        left = self._operand()
        if self._token.kind in COMPARATORS:
            self._operators += 1
            return Comparison(self._next().text, left, self._operand())
        if self._accept("BETWEEN"):
            self._operators += 1
            low = self._operand()
            self._expect("AND")
            return Between(left, low, self._operand())
        if self._accept("IN"):
            self._operators += 1
            self._expect("(")
            options = [self._operand()]
            while self._accept(","):
                options.append(self._operand())
            self._expect(")")
            return In(left, tuple(options))
        raise self._syntax_error()

    def _alone(self) -> bool:
        """Whether the function here is a condition by itself, and not compared with anything."""
        return self._tokens[self._after_operand(self._position)].kind not in AFTER_OPERAND
