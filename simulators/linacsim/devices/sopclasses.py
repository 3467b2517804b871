"""SOP classes and well-known instances that devices speak of (PS3.6 Annex A)."""

from __future__ import annotations

from pydicom.uid import UID

Verification = UID("1.2.840.10008.1.1")
BasicFilmSession = UID("1.2.840.10008.5.1.1.1")
BasicFilmBox = UID("1.2.840.10008.5.1.1.2")
BasicGrayscaleImageBox = UID("1.2.840.10008.5.1.1.4")
BasicGrayscalePrintManagementMeta = UID("1.2.840.10008.5.1.1.9")
Printer = UID("1.2.840.10008.5.1.1.16")
PrinterInstance = UID("1.2.840.10008.5.1.1.17")
