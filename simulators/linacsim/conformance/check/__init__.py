"""The checker: objects held against the tables of a system.

- `gather`: files and folders become objects; `check`: objects against a system give a `Report` of findings.
- `plan`, `constraints`, `standard`, `modules`: the rows of a table made ready once; `judge`, `preconditions`, `engine`:
  objects and sets held against them.
- `readings`, `expression`, ``predicates/``: how sentences of a document are decided; `lint` looks them over, `share`
  tells how many are.
- `values`, `items`, `scope`: what is looked up, and where.
"""

from linacsim.conformance.check.engine import check as check
from linacsim.conformance.check.expression import Expression as Expression
from linacsim.conformance.check.expression import ExpressionError as ExpressionError
from linacsim.conformance.check.expression import compile_expression as compile_expression
from linacsim.conformance.check.findings import Finding as Finding
from linacsim.conformance.check.findings import Report as Report
from linacsim.conformance.check.findings import State as State
from linacsim.conformance.check.gather import gather as gather
from linacsim.conformance.check.scope import Instance as Instance

__all__ = [
    "Expression",
    "ExpressionError",
    "Finding",
    "Instance",
    "Report",
    "State",
    "check",
    "compile_expression",
    "gather",
]
