"""A synthetic patient case: images, structures, plans, doses and radiographs of one phantom, consistent as a set.

``build_case(identity, settings)`` gives a `Case`; its objects conform to PS3.3 and to each other.

- `settings`: what a case is made of; `anatomy`: its structures; `scene`: what its objects share.
- `images`, `structures`, `beams` and `plan`, `ionplan`, `dose`, `projections`, `screenshot`, `registration`: the kinds.
- `modules`: what every object begins with; `case`: the case itself.
"""

from linacsim.objects.case.case import BUILDERS as BUILDERS
from linacsim.objects.case.case import Case as Case
from linacsim.objects.case.case import build_case as build_case
from linacsim.objects.case.settings import CaseSettings as CaseSettings

__all__ = ["BUILDERS", "Case", "CaseSettings", "build_case"]
