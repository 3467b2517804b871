"""Objects as a system exports them: what its conformance statement says that it writes, and nothing else.

- `exporter`: ``export_case(case, system)``, ``export(ds, system, identity)``.
- `tree`: the attribute rows as a tree; `settle`, `pixels`, `uids`: values, pixels, UIDs; `standard`: what no object can
  do without; `vendor` and ``vendors/``: what each system does beside its table.
"""

from linacsim.objects.export.exporter import export as export
from linacsim.objects.export.exporter import export_case as export_case
from linacsim.objects.export.exporter import exported_kinds as exported_kinds

__all__ = ["export", "export_case", "exported_kinds"]
