"""PartiQL tokens to statements.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from ddbha.errors import ValidationException
from ddbha.expressions.partiql.conditions import ConditionParser
from ddbha.expressions.partiql.lexer import malformed
from ddbha.expressions.partiql.syntax import (
    Delete,
    Exists,
    Insert,
    Parsed,
    Select,
    Statement,
    Update,
)
from ddbha.expressions.syntax import (
    Action,
    Arithmetic,
    Attribute,
    Function,
    Operand,
    Path,
    Value,
)

_SET_FUNCTIONS = {"set_add": "ADD", "set_delete": "DELETE"}
_RETURNING = {
    ("ALL", "OLD"): "ALL_OLD",
    ("ALL", "NEW"): "ALL_NEW",
    ("MODIFIED", "OLD"): "UPDATED_OLD",
    ("MODIFIED", "NEW"): "UPDATED_NEW",
}


@lru_cache(maxsize=1024)
def parsed(text: str) -> Parsed:
    """Parse a statement; `ValidationException` if it is none. Parsed ones are kept by text."""
    return _StatementParser(text).parsed()


def table_of(text: str) -> str | None:
    """The table that a statement is about, or None for what is no statement."""
    try:
        statement = parsed(text).statement
    except ValidationException:
        return None
    return statement.select.table if isinstance(statement, Exists) else statement.table


def index_of(text: str) -> str | None:
    """The index that a statement reads, or None if it reads none or is no statement."""
    try:
        statement = parsed(text).statement
    except ValidationException:
        return None
    return statement.index if isinstance(statement, Select) else None


class _StatementParser(ConditionParser):
    def parsed(self) -> Parsed:
        statement = self._statement()
        self._accept(";")
        if self._token.kind != "end":
            raise malformed("Unexpected token after expression")
        return Parsed(statement, tuple(self._literals), self._parameters)

    def _statement(self) -> Statement:
        if self._keyword("SELECT"):
            return self._select()
        if self._keyword("INSERT"):
            return self._insert()
        if self._keyword("UPDATE"):
            return self._update()
        if self._keyword("DELETE"):
            return self._delete()
        if self._keyword("FROM"):
            return self._update_from()
        if self._keyword("EXISTS"):
            self._expect("(")
            self._expect_keyword("SELECT")
            select = self._select()
            self._expect(")")
            return Exists(select)
        raise malformed("Expected data manipulation")

    def _select(self) -> Select:
        paths: list[Path] | None = None
        if not self._accept("*"):
            paths = [self._projected()]
            while self._accept(","):
                paths.append(self._projected())
            _refuse_equal_columns(paths)
        self._expect_keyword("FROM")
        table = self._name()
        index = self._name() if self._accept(".") else None
        if self._accept("."):
            raise ValidationException("A path may contain at most 2 components in the FROM clause")
        self._refuse_alias()
        where = self._where()
        orders: list[tuple[str, bool]] = []
        if self._keyword("ORDER"):
            self._expect_keyword("BY")
            orders.append(self._order())
            while self._accept(","):
                orders.append(self._order())
        if self._token.keyword == "LIMIT":
            raise ValidationException("Unsupported clause: LIMIT")
        return Select(table, index, None if paths is None else tuple(paths), where, tuple(orders))

    def _projected(self) -> Path:
        if self._at_function():
            raise self._refusal("Unexpected path component", self._token)
        if not self._at_name():
            raise malformed("Expected identifier for simple projection")
        path = self._path()
        self._refuse_alias()
        return path

    def _order(self) -> tuple[str, bool]:
        name = self._name()
        descending = self._keyword("DESC")
        if not descending:
            self._keyword("ASC")
        return name, descending

    def _refuse_alias(self) -> None:
        if self._at_name() or self._token.keyword == "AS":
            raise ValidationException("Aliasing is not supported")

    def _insert(self) -> Insert:
        self._expect_keyword("INTO")
        table = self._table()
        if self._at_name():
            raise malformed("Unexpected token after expression")
        if self._token.text in ("<<", "[", "(") or self._token.keyword in ("VALUES", "SELECT"):
            raise ValidationException(
                "Unsupported operation: Inserting multiple items in a single statement is not supported, "
                'use "INSERT INTO tableName VALUE item" instead'
            )
        self._expect_keyword("VALUE")
        item = self._literal()
        if self._token.keyword == "RETURNING":
            raise ValidationException("RETURNING is not supported in INSERT")
        return Insert(table, item)

    def _update(self) -> Update:
        table = self._table()
        self._refuse_alias()
        actions = self._actions()
        return Update(table, actions, self._where(), self._returning())

    def _update_from(self) -> Update:
        """The other way to write an UPDATE: FROM a table, WHERE its item is, what to SET and REMOVE."""
        table = self._table()
        self._refuse_alias()
        where = self._where()
        return Update(table, self._actions(), where, self._returning())

    def _actions(self) -> tuple[Action, ...]:
        actions: list[Action] = []
        while (clause := self._token.keyword) in ("SET", "REMOVE"):
            self._position += 1
            actions.append(self._action(clause))
            while self._accept(","):
                actions.append(self._action(clause))
        if not actions:
            raise self._unexpected()
        return tuple(actions)

    def _action(self, clause: str) -> Action:
        path = self._path_from(self._simple_name())
        if clause == "REMOVE":
            return Action(clause, path)
        self._expect("=")
        if self._token.text.lower() in _SET_FUNCTIONS and self._at_function():
            return self._change_of_set(path)
        value = self._term()
        while self._token.kind == "symbol" and self._token.text in ("+", "-"):
            value = Arithmetic(self._next().text, value, self._term())
        return Action(clause, path, value)

    def _change_of_set(self, path: Path) -> Action:
        """SET with `set_add` or `set_delete`, which change the very attribute that they are given."""
        function = self._next()
        name = function.text.upper()
        first = self._after
        arguments = self._arguments()
        if len(arguments) != 2:
            raise self._refusal(f"{name} must have exactly two arguments", function)
        target, change = arguments
        if not isinstance(target, Attribute) or target.path != path:
            raise self._refusal(f"The first argument to {name} must equal the assignment value", function)
        if not isinstance(change, Value) or not self._may_be_set(change):
            raise self._refusal(f"The second argument to {name} must be a value with type SET", first)
        return Action(_SET_FUNCTIONS[function.text.lower()], path, change)

    def _term(self) -> Operand:
        """An operand of SET."""
        if self._token.keyword != "LIST_APPEND" or not self._at_function():
            return self._operand()
        self._enter()
        self._position += 2
        first = self._term()
        self._expect(",")
        second = self._term()
        self._expect(")")
        self._depth -= 1
        return Function("list_append", (first, second))

    def _delete(self) -> Delete:
        self._expect_keyword("FROM")
        table = self._table()
        self._refuse_alias()
        where = self._where()
        returning = self._returning()
        if returning not in ("NONE", "ALL_OLD"):
            written = next(words for words, value in _RETURNING.items() if value == returning)
            raise ValidationException(
                f"Invalid returning clause: RETURNING {' '.join(written)} *. Only RETURNING ALL OLD * is "
                "allowed in DELETE statements."
            )
        return Delete(table, where, returning)

    def _returning(self) -> str:
        if not self._keyword("RETURNING"):
            return "NONE"
        wanted = self._next().keyword, self._next().keyword
        if wanted not in _RETURNING:
            raise malformed("Unexpected keyword")
        self._expect("*")
        return _RETURNING[wanted]


def _refuse_equal_columns(paths: list[Path]) -> None:
    names = Counter(map(column, paths))
    for name, count in names.items():
        if count > 1:
            raise ValidationException(f"Duplicate identifiers in select clause: {name}")


def column(path: Path) -> str:
    """The name that a path has in the answer: its last name, and the places in lists behind it."""
    last = max(position for position, part in enumerate(path) if isinstance(part, str))
    return str(path[last]) + "".join(f"[{part}]" for part in path[last + 1 :])
