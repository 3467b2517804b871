"""The checker: objects held against the tables of a system.

- `values`, `scope`: values as the checker compares them; items, objects and sets that they are looked up in.
- `expression`: the small language of readings; ``predicates/``: its functions.
"""

from linacsim.conformance.check.expression import Expression as Expression
from linacsim.conformance.check.expression import ExpressionError as ExpressionError
from linacsim.conformance.check.expression import compile_expression as compile_expression
from linacsim.conformance.check.predicates import load_predicates as _load_predicates

_load_predicates()

__all__ = ["Expression", "ExpressionError", "compile_expression"]
