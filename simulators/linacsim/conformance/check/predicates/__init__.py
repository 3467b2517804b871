"""The functions of readings: small, general, each with the clause or section it serves.

A function is a Python function under ``@predicate`` in a module of this package. Its first argument is the `Scope`;
an argument of the type `Expr` comes unevaluated, so that the function can evaluate it where it wants. It returns a
value, ``True``/``False``, `Broken` with what was found (and the items at fault), or `Unknown` with the reason why the
data do not tell.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from linacsim.conformance.check.scope import Scope

Expr = Callable[[Scope], Any]
"""An argument that comes unevaluated: call it with a scope."""
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Predicate:
    """A function of readings.

    Attributes
    ----------
    name : str
        What readings call it.
    call : callable
        The function; its first argument is the scope.
    here : bool
        Whether it evaluates its expressions in its own scope, so that a finding shows their values.
    """

    name: str
    call: Callable[..., Any]
    parameters: tuple[inspect.Parameter, ...]
    here: bool

    def is_lazy(self, argument: str) -> bool:
        """Tell whether an argument, a position or a name, comes unevaluated."""
        if argument.isdecimal():
            at = min(int(argument), len(self.parameters) - 1)
            return bool(self.parameters) and self.parameters[at].annotation in ("Expr", Expr)
        return any(one.name == argument and one.annotation in ("Expr", Expr) for one in self.parameters)

    def refuses(self, positional: int, named: list[str]) -> str:
        """Return what is wrong with a call, empty if nothing is."""
        signature = inspect.Signature(list(self.parameters))
        try:
            signature.bind(*[None] * positional, **dict.fromkeys(named))
        except TypeError as exc:
            return f"{exc}; it is {self.name}({', '.join(str(one) for one in self.parameters)})"
        return ""


PREDICATES: dict[str, Predicate] = {}
"""Filled by `predicate` as the modules of this package are imported; see `functions`."""


def predicate(function: Function) -> Function:
    """Make a function known to readings under its own name.

    A trailing underscore of a name that Python keeps for itself is dropped: ``in_`` is ``in``.
    """
    return _register(function, here=False)


def predicate_here(function: Function) -> Function:
    """Make a function known that evaluates its expressions in its own scope."""
    return _register(function, here=True)


def _register(function: Function, here: bool) -> Function:
    name = function.__name__.rstrip("_")
    if name in PREDICATES:
        raise ValueError(f"the function {name!r} is there twice: {PREDICATES[name].call.__module__}")
    parameters = tuple(inspect.signature(function).parameters.values())[1:]
    PREDICATES[name] = Predicate(name, function, parameters, here)
    return function


@cache
def functions() -> Mapping[str, Predicate]:
    """Return all functions by name; the modules of this package are imported first."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return PREDICATES
