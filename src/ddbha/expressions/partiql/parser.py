"""PartiQL tokens to statements.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

from __future__ import annotations

from functools import lru_cache

from ddbha.errors import ValidationException
from ddbha.expressions.parser import COMPARATORS, CONDITION_FUNCTIONS, MAXIMUM_OPTIONS
from ddbha.expressions.partiql.lexer import Token, malformed, tokens
from ddbha.expressions.partiql.syntax import (
    Bag,
    Delete,
    Exists,
    Insert,
    ListOf,
    Literal,
    MapOf,
    Parameter,
    Parsed,
    Scalar,
    Select,
    Statement,
    Update,
    placeholder,
)
from ddbha.expressions.syntax import (
    Action,
    Arithmetic,
    Attribute,
    Between,
    Comparison,
    ConditionNode,
    Either,
    Every,
    Function,
    In,
    Not,
    Operand,
    Path,
    Value,
)

#: Words that are never names unless they are quoted.
_KEYWORDS = frozenset(
    word
    for line in (
        "ALL AND AS ASC BETWEEN BY DELETE DESC DISTINCT EXISTS FALSE FROM",
        "GROUP HAVING IN INSERT INTO IS JOIN LIMIT MISSING NOT NULL OR",
        "ORDER REMOVE RETURNING SELECT SET TRUE UPDATE VALUE VALUES WHERE",
    )
    for word in line.split()
)
_FUNCTIONS = {
    name: count
    for name, count in CONDITION_FUNCTIONS.items()
    if name in ("attribute_type", "begins_with", "contains")
}
_SET_FUNCTIONS = {"set_add": "ADD", "set_delete": "DELETE"}
#: Deeper than any item may be nested.
_MAXIMUM_DEPTH = 60
_RETURNING = {
    ("ALL", "OLD"): "ALL_OLD",
    ("ALL", "NEW"): "ALL_NEW",
    ("MODIFIED", "OLD"): "UPDATED_OLD",
    ("MODIFIED", "NEW"): "UPDATED_NEW",
}


@lru_cache(maxsize=1024)
def parsed(text: str) -> Parsed:
    """Parse a statement; `ValidationException` if it is none. Parsed ones are kept by text."""
    return _Parser(text).parsed()


def table_of(text: str) -> str | None:
    """The table that a statement is about, or None for what is no statement."""
    try:
        statement = parsed(text).statement
    except ValidationException:
        return None
    return statement.select.table if isinstance(statement, Exists) else statement.table


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._position = 0
        self._depth = 0
        self._parameters = 0
        self._literals: list[Literal] = []

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
        left = self._term()
        if self._token.kind == "symbol" and self._token.text in ("+", "-"):
            return Action(clause, path, Arithmetic(self._next().text, left, self._term()))
        return Action(clause, path, left)

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

    def _where(self) -> ConditionNode | None:
        return self._either() if self._keyword("WHERE") else None

    def _either(self) -> ConditionNode:
        conditions = [self._every()]
        while self._keyword("OR"):
            self._require_right_side()
            conditions.append(self._every())
        return conditions[0] if len(conditions) == 1 else Either(tuple(conditions))

    def _every(self) -> ConditionNode:
        conditions = [self._not()]
        while self._keyword("AND"):
            self._require_right_side()
            conditions.append(self._not())
        return conditions[0] if len(conditions) == 1 else Every(tuple(conditions))

    def _require_right_side(self) -> None:
        if self._token.kind == "end":
            raise malformed("Missing right-hand side expression of infix operator")

    def _not(self) -> ConditionNode:
        negations = 0
        while self._keyword("NOT"):
            negations += 1
        node = self._primary()
        return Not(node) if negations % 2 else node

    def _primary(self) -> ConditionNode:
        if self._accept("("):
            self._enter()
            node = self._either()
            self._depth -= 1
            self._expect(")")
            return node
        left = self._operand()
        if isinstance(left, Function) and left.name in CONDITION_FUNCTIONS:
            return left
        if self._keyword("IS"):
            negated = self._keyword("NOT")
            state = self._state(left)
            return Not(state) if negated else state
        negated = self._keyword("NOT")
        found: ConditionNode
        if self._keyword("BETWEEN"):
            low = self._operand()
            self._expect_keyword("AND")
            found = Between(left, low, self._operand())
        elif self._keyword("IN"):
            found = In(left, self._options())
        elif negated:
            raise self._unexpected()
        else:
            operator = self._next()
            written = "<>" if operator.is_symbol("!=") else operator.text
            if operator.kind != "symbol" or written not in COMPARATORS:
                self._position -= 1
                raise self._unexpected()
            found = Comparison(written, left, self._operand())
        return Not(found) if negated else found

    def _state(self, operand: Operand) -> ConditionNode:
        if self._keyword("MISSING"):
            return Function("attribute_not_exists", (operand,))
        if self._keyword("NULL"):
            return Function("attribute_type", (operand, self._kept(Scalar("S", "NULL"))))
        raise malformed("Expected type name")

    def _options(self) -> tuple[Operand, ...]:
        closing = {"(": ")", "[": "]", "<<": ">>"}.get(self._token.text)
        if self._token.kind != "symbol" or closing is None:
            raise self._unexpected()
        self._position += 1
        options = [self._operand()]
        while self._accept(","):
            options.append(self._operand())
        self._expect(closing)
        if len(options) > MAXIMUM_OPTIONS:
            raise ValidationException(
                f"The IN operator is provided with too many operands; number of operands: {len(options)}"
            )
        return tuple(options)

    def _operand(self) -> Operand:
        if self._token.kind == "word" and self._after.is_symbol("("):
            return self._function()
        return Attribute(self._path()) if self._at_name() else self._value()

    def _function(self) -> Function:
        name = self._next().text.lower()
        expected = {**_FUNCTIONS, "size": 1}.get(name)
        if expected is None:
            raise ValidationException(f"Unsupported function: {name}")
        self._expect("(")
        self._enter()
        arguments = [self._operand()]
        while self._accept(","):
            arguments.append(self._operand())
        self._depth -= 1
        self._expect(")")
        if len(arguments) != expected:
            raise ValidationException(
                "Incorrect number of operands for operator or function; operator or function: "
                f"{name}, number of operands: {len(arguments)}"
            )
        return Function(name, tuple(arguments))

    def _value(self) -> Value:
        return self._kept(self._literal())

    def _kept(self, literal: Literal) -> Value:
        self._literals.append(literal)
        return Value(placeholder(len(self._literals) - 1))

    def _literal(self) -> Literal:
        token = self._next()
        if token.kind == "string":
            return Scalar("S", token.text)
        if token.kind == "number":
            return Scalar("N", token.text)
        if token.keyword in ("TRUE", "FALSE"):
            return Scalar("BOOL", token.keyword == "TRUE")
        if token.keyword == "NULL":
            return Scalar("NULL", True)
        if token.kind == "symbol":
            if token.text in ("-", "+") and self._token.kind == "number":
                return Scalar("N", token.text.strip("+") + self._next().text)
            if token.text == "?":
                self._parameters += 1
                return Parameter(self._parameters - 1)
            if token.text == "[":
                return ListOf(self._elements("]"))
            if token.text == "<<":
                return Bag(self._elements(">>"))
            if token.text == "{":
                return self._map()
        self._position -= 1
        raise self._unexpected()

    def _elements(self, closing: str) -> tuple[Literal, ...]:
        if self._accept(closing):
            return ()
        self._enter()
        elements = [self._literal()]
        while self._accept(","):
            elements.append(self._literal())
        self._depth -= 1
        self._expect(closing)
        return tuple(elements)

    def _map(self) -> MapOf:
        if self._accept("}"):
            return MapOf(())
        self._enter()
        members = [self._member()]
        while self._accept(","):
            members.append(self._member())
        self._depth -= 1
        self._expect("}")
        if len({name for name, _ in members}) < len(members):
            raise ValidationException("The statement has the same attribute more than once")
        return MapOf(tuple(members))

    def _member(self) -> tuple[str, Literal]:
        token = self._next()
        if token.kind != "string":
            self._position -= 1
            raise self._unexpected()
        self._expect(":")
        return token.text, self._literal()

    def _path(self) -> Path:
        parts: list[str | int] = [self._name()]
        while True:
            if self._accept("."):
                parts.append(self._name())
            elif self._token.is_symbol("["):
                self._position += 1
                token = self._next()
                if token.kind == "number" and token.text.isdecimal():
                    parts.append(int(token.text))
                elif token.kind == "string":
                    parts.append(token.text)
                else:
                    self._position -= 1
                    raise self._unexpected()
                self._expect("]")
            else:
                return tuple(parts)

    def _name(self) -> str:
        if not self._at_name():
            raise self._unexpected()
        return self._next().text

    def _at_name(self) -> bool:
        token = self._token
        return token.kind == "identifier" or (token.kind == "word" and token.keyword not in _KEYWORDS)

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > _MAXIMUM_DEPTH:
            raise malformed("Nesting Levels have exceeded supported limits")

    @property
    def _token(self) -> Token:
        return self._tokens[self._position]

    @property
    def _after(self) -> Token:
        return self._tokens[min(self._position + 1, len(self._tokens) - 1)]

    def _next(self) -> Token:
        token = self._token
        # The end stays where it is, however often it is read.
        if token.kind == "end":
            raise self._unexpected()
        self._position += 1
        return token

    def _accept(self, symbol: str) -> bool:
        if self._token.is_symbol(symbol):
            self._position += 1
            return True
        return False

    def _keyword(self, word: str) -> bool:
        if self._token.keyword == word:
            self._position += 1
            return True
        return False

    def _expect(self, symbol: str) -> None:
        if not self._accept(symbol):
            raise self._unexpected()

    def _expect_keyword(self, word: str) -> None:
        if not self._keyword(word):
            raise self._unexpected()

    def _unexpected(self) -> ValidationException:
        return malformed("Unexpected keyword" if self._token.keyword in _KEYWORDS else "Unexpected term")
