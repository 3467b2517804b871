"""The small language of readings: a part of Python's syntax, compiled once, with three truth values.

Literals, lists, arithmetic, comparisons, ``and``, ``or``, ``not``, ``a if b else c``, DICOM keywords, and the functions
of `linacsim.conformance.check.predicates`. Nothing else: no assignment, no comprehension, no attribute of Python's.

- A keyword is its value: in the current item, else in the items around it, else in the object. ``item.X`` looks in the
  current item only, ``up.X`` in the item around it, ``root.X`` in the object. Dots go down: ``BeamSequence.BeamType``
  is the list of the values in all items that have one.
- An absent attribute is ``None``: every comparison with it is false, but for ``== None`` and ``!= None``. An empty one is
  ``""``. Arithmetic with either is ``None``.
- ``x in X`` asks for one of the values of X; a single value is a list of one. For a part of a text see ``contains``.
- `Unknown` goes through every operator; ``and``, ``or``, ``not`` follow Kleene: false wins in ``and``, true in ``or``.
"""

from __future__ import annotations

import ast
import difflib
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydicom import datadict

from linacsim.conformance.check.predicates import Predicate, functions
from linacsim.conformance.check.scope import Item, Scope, is_sequence, tag_of, value_of
from linacsim.conformance.check.values import Broken, Unknown, is_number, same, spelled
from linacsim.settings import did_you_mean

Run = Callable[[Scope], Any]
"""A compiled node: what it is in a scope."""


class ExpressionError(ValueError):
    """An expression cannot be understood; the message says what in it and what to write."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    Attributes
    ----------
    text : str
        As it was written.
    """

    text: str
    run: Run
    names: tuple[tuple[str, Run], ...]
    """The keywords it reads in its own scope, so that a finding can show their values."""

    def __call__(self, scope: Scope) -> Any:
        """Return what the expression is in `scope`."""
        return self.run(scope)

    def decide(self, scope: Scope) -> bool | Broken | Unknown:
        """Return whether the expression holds in `scope`."""
        found = self.run(scope)
        return found if isinstance(found, Unknown | Broken) else bool(found)

    def found(self, scope: Scope) -> str:
        """Return the values that the expression looked at, as ``BeamType STATIC, NumberOfControlPoints 3``."""
        shown = [f"{name.removeprefix('item.')} {_told(run(scope))}" for name, run in self.names]
        return ", ".join(dict.fromkeys(shown))


def _told(value: Any) -> str:
    return "absent" if value is None else f"unknown ({value.reason})" if isinstance(value, Unknown) else spelled(value)


@lru_cache(maxsize=8192)
def compile_expression(text: str) -> Expression:
    """Compile an expression.

    Raises
    ------
    ExpressionError
        If it is no expression of the language, or names no keyword or function.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        raise ExpressionError(f"{text!r} is no expression: {getattr(exc, 'msg', exc)}") from None
    compiler = _Compiler()
    run = compiler.compile(tree.body)
    return Expression(text, run, tuple(compiler.names))


_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


class _Compiler:
    """Turns nodes of the syntax tree into functions of a scope."""

    def __init__(self) -> None:
        self.names: list[tuple[str, Run]] = []
        self._quiet = 0

    def compile(self, node: ast.expr) -> Run:
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise ExpressionError(f"{ast.unparse(node)!r} is not part of the language of readings")
        run: Run = method(node)
        return run

    def _constant(self, node: ast.Constant) -> Run:
        value = node.value
        if value is not None and not isinstance(value, str | int | float | bool):
            raise ExpressionError(f"{value!r} is no number or text")
        return lambda _: value

    def _list(self, node: ast.List | ast.Tuple) -> Run:
        parts = [self.compile(one) for one in node.elts]

        def run(scope: Scope) -> Any:
            values = [part(scope) for part in parts]
            return next((one for one in values if isinstance(one, Unknown)), values)

        return run

    _tuple = _list

    def _name(self, node: ast.Name) -> Run:
        run = _PLACES.get(node.id)
        if run is not None:
            if node.id not in ("item", "up", "root"):
                self._show(node.id, run)
            return run
        name = node.id
        if tag_of(name) is None:
            raise _unknown_keyword(name)
        run = lambda scope: scope.get(name)  # noqa: E731 - two shapes of one thing
        self._show(name, run)
        return run

    def _attribute(self, node: ast.Attribute) -> Run:
        tag = tag_of(node.attr)
        if tag is None:
            raise _unknown_keyword(node.attr)
        self._quiet += 1
        base = self.compile(node.value)
        self._quiet -= 1
        sequence = is_sequence(tag)

        def run(scope: Scope) -> Any:
            return _down(base(scope), tag, sequence)

        self._show(ast.unparse(node), run)
        return run

    def _show(self, name: str, run: Run) -> None:
        if not self._quiet:
            self.names.append((name, run))

    def _boolop(self, node: ast.BoolOp) -> Run:
        parts = [self.compile(one) for one in node.values]
        ends = isinstance(node.op, ast.Or)

        def run(scope: Scope) -> Any:
            unknown: Unknown | None = None
            last: Any = not ends
            for part in parts:
                value = part(scope)
                if isinstance(value, Unknown):
                    unknown = value if unknown is None else unknown
                elif bool(value) is ends:
                    return value
                else:
                    last = value
            return last if unknown is None else unknown

        return run

    def _unaryop(self, node: ast.UnaryOp) -> Run:
        part = self.compile(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda scope: value if isinstance(value := part(scope), Unknown) else not value
        if isinstance(node.op, ast.USub):
            return lambda scope: _arithmetic(operator.mul, -1, part(scope))
        raise ExpressionError(f"{ast.unparse(node)!r} is not part of the language of readings")

    def _binop(self, node: ast.BinOp) -> Run:
        function = _ARITHMETIC.get(type(node.op))
        if function is None:
            raise ExpressionError(f"{ast.unparse(node)!r}: only + - * / % are known")
        left, right = self.compile(node.left), self.compile(node.right)
        return lambda scope: _arithmetic(function, left(scope), right(scope))

    def _compare(self, node: ast.Compare) -> Run:
        parts = [self.compile(one) for one in (node.left, *node.comparators)]
        nodes = (node.left, *node.comparators)
        operators = [_comparison(one, _none(nodes[at]) or _none(nodes[at + 1])) for at, one in enumerate(node.ops)]

        def run(scope: Scope) -> Any:
            values = [part(scope) for part in parts]
            unknown = next((one for one in values if isinstance(one, Unknown)), None)
            if unknown is not None:
                return unknown
            return all(compare(values[at], values[at + 1]) for at, compare in enumerate(operators))

        return run

    def _ifexp(self, node: ast.IfExp) -> Run:
        test, then, other = self.compile(node.test), self.compile(node.body), self.compile(node.orelse)

        def run(scope: Scope) -> Any:
            value = test(scope)
            return value if isinstance(value, Unknown) else then(scope) if value else other(scope)

        return run

    def _call(self, node: ast.Call) -> Run:
        if not isinstance(node.func, ast.Name):
            raise ExpressionError(f"{ast.unparse(node.func)!r} is no function")
        function = functions().get(node.func.id)
        if function is None:
            raise ExpressionError(
                f"no function {node.func.id!r}: {did_you_mean(node.func.id, functions(), 'functions')}"
            )
        if any(word.arg is None for word in node.keywords) or any(isinstance(one, ast.Starred) for one in node.args):
            raise ExpressionError(f"{ast.unparse(node)!r}: * and ** are not part of the language")
        arguments = [(str(at), one) for at, one in enumerate(node.args)]
        arguments += [(str(word.arg), word.value) for word in node.keywords]
        if problem := function.refuses(len(node.args), [str(word.arg) for word in node.keywords]):
            raise ExpressionError(f"{ast.unparse(node)!r}: {problem}")
        runs = {}
        for name, one in arguments:
            lazy = function.is_lazy(name)
            self._quiet += lazy and not function.here
            runs[name] = self.compile(one)
            self._quiet -= lazy and not function.here
        return _calling(function, runs)


def _calling(function: Predicate, runs: dict[str, Run]) -> Run:
    """Return a call; an argument that is not known makes the call unknown, unless the function takes it as it is."""
    positional = [(run, function.is_lazy(name)) for name, run in runs.items() if name.isdecimal()]
    named = [(name, run, function.is_lazy(name)) for name, run in runs.items() if not name.isdecimal()]

    def run(scope: Scope) -> Any:
        values = [one if lazy else one(scope) for one, lazy in positional]
        words = {name: one if lazy else one(scope) for name, one, lazy in named}
        for value in (*values, *words.values()):
            if isinstance(value, Unknown):
                return value
        try:
            return function.call(scope, *values, **words)
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, NotImplementedError) as exc:
            return Unknown(
                f"{function.name}() cannot be worked out from these values: {' '.join(str(exc).split())[:120]}"
            )

    return run


def _unknown_keyword(name: str) -> ExpressionError:
    known = [*datadict.keyword_dict, *_PLACES]
    near = difflib.get_close_matches(name, known, n=1)
    advice = f"did you mean {near[0]!r}?" if near else "keywords stand in PS3.6"
    return ExpressionError(f"no DICOM keyword {name!r}: {advice}")


def _value(scope: Scope) -> Any:
    return scope.value


_PLACES: dict[str, Run] = {
    "value": _value,
    "values": lambda scope: list(scope.values or ()),
    "way": lambda scope: scope.way,
    "item": lambda scope: scope.item,
    "up": lambda scope: scope.item.around,
    "root": lambda scope: scope.item.root,
}


def _down(base: Any, tag: int, sequence: bool) -> Any:
    """Return an element of an item, or of all items of a list that have it."""
    if isinstance(base, Unknown):
        return base
    if isinstance(base, Item):
        return value_of(base.read(tag), sequence)
    if not isinstance(base, list):
        return None
    found: list[Any] = []
    for one in base:
        value = _down(one, tag, sequence) if isinstance(one, Item) else None
        if value is None:
            continue
        if sequence:
            found.extend(value)
        else:
            found.append(value)
    return found


def _arithmetic(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    for value in (left, right):
        if isinstance(value, Unknown):
            return value
    texts = isinstance(left, str) and isinstance(right, str) and function is operator.add
    if not texts and not (is_number(left) and is_number(right)):
        return None
    try:
        return function(left, right)
    except ArithmeticError:
        return None


def _none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _comparison(node: ast.cmpop, with_none: bool) -> Callable[[Any, Any], bool]:
    if isinstance(node, ast.Eq | ast.Is):
        return _equal
    if isinstance(node, ast.NotEq | ast.IsNot):
        if with_none:
            return lambda left, right: not _equal(left, right)
        return lambda left, right: left is not None and right is not None and not _equal(left, right)
    if isinstance(node, ast.In):
        return _among
    if isinstance(node, ast.NotIn):
        return lambda left, right: left is not None and right is not None and not _among(left, right)
    function = _ORDER[type(node)]
    return lambda left, right: _ordered(function, left, right)


def _equal(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is None and right is None
    if isinstance(left, Item) or isinstance(right, Item):
        return left is right
    return same(left, right)


def _among(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    return any(_equal(left, one) for one in (right if isinstance(right, list) else [right]))


def _ordered(function: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    if is_number(left) and is_number(right):
        return function(left, right)
    both_texts = isinstance(left, str) and isinstance(right, str) and left and right
    return bool(both_texts) and function(left, right)
