"""PartiQL tokens to statements.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

from __future__ import annotations

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
    Function,
    Operand,
    Path,
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
        return Select(table, index, None if paths is None else tuple(paths), where, tuple(orders))

    def _projected(self) -> Path:
        if not self._at_name():
            raise malformed("Expected identifier for simple projection")
        path = self._path()
        if self._token.is_symbol("(") or self._token.keyword == "AS":
            raise malformed("Expected identifier for simple projection")
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
        table = self._name()
        if self._at_name():
            raise malformed("Unexpected token after expression")
        self._expect_keyword("VALUE")
        return Insert(table, self._literal())

    def _update(self) -> Update:
        table = self._name()
        self._refuse_alias()
        actions: list[Action] = []
        while (clause := self._token.keyword) in ("SET", "REMOVE"):
            self._position += 1
            actions.append(self._action(clause))
            while self._accept(","):
                actions.append(self._action(clause))
        if not actions:
            raise self._unexpected()
        return Update(table, tuple(actions), self._where(), self._returning())

    def _action(self, clause: str) -> Action:
        path = self._path()
        if clause == "REMOVE":
            return Action(clause, path)
        self._expect("=")
        function = self._token.text.lower() if self._token.kind == "word" else ""
        if function in _SET_FUNCTIONS and self._after.is_symbol("("):
            self._position += 2
            if self._path() != path:
                raise ValidationException(
                    f"The first argument of {function} must be the attribute that is set"
                )
            self._expect(",")
            operand = self._value()
            self._expect(")")
            return Action(_SET_FUNCTIONS[function], path, operand)
        value = self._term()
        while self._token.kind == "symbol" and self._token.text in ("+", "-"):
            value = Arithmetic(self._next().text, value, self._term())
        return Action(clause, path, value)

    def _term(self) -> Operand:
        """An operand of SET."""
        if self._token.keyword != "LIST_APPEND" or not self._after.is_symbol("("):
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
        if not self._at_name():
            raise malformed("Expected identifier for simple path")
        table = self._name()
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
