"""Floor 6: random fault plans over a scenario, and the smallest plan that shows what is wrong.

- `subject`: the scenario as plain keys, and the scenario that is played: its steps under faults, healed, and once more.
- `seen`, `drawing`: what the undisturbed run shows on its log, and the faults that a seed draws from that.
- `trial`: plays one plan on a bench of its own; `story` reads what has happened.
- `invariants`: what has to be true of every run, whatever was armed.
- `shrinking`: takes a plan apart until nothing is left to leave out.
- `seeds`: all of that for one seed; `work`: many seeds on this machine's cores or on a cluster.
- `findings`: a failing seed as a scenario to keep.
"""

from linacsim.explore.invariants import INVARIANTS as INVARIANTS
from linacsim.explore.invariants import Invariant as Invariant
from linacsim.explore.invariants import Violation as Violation
from linacsim.explore.trial import Run as Run

__all__ = ["INVARIANTS", "Invariant", "Run", "Violation"]
