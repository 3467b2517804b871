"""SOP classes and well-known instances that devices speak of (PS3.6 Annex A)."""

from __future__ import annotations

from pydicom.uid import UID
from pynetdicom import AllStoragePresentationContexts, register_uid
from pynetdicom.service_class import StorageServiceClass

Verification = UID("1.2.840.10008.1.1")
BasicFilmSession = UID("1.2.840.10008.5.1.1.1")
BasicFilmBox = UID("1.2.840.10008.5.1.1.2")
BasicGrayscaleImageBox = UID("1.2.840.10008.5.1.1.4")
BasicGrayscalePrintManagementMeta = UID("1.2.840.10008.5.1.1.9")
Printer = UID("1.2.840.10008.5.1.1.16")
PrinterInstance = UID("1.2.840.10008.5.1.1.17")

RETIRED_STORAGE = {
    "UltrasoundMultiFrameImageStorageRetired": "1.2.840.10008.5.1.4.1.1.3",
    "NuclearMedicineImageStorageRetired": "1.2.840.10008.5.1.4.1.1.5",
    "UltrasoundImageStorageRetired": "1.2.840.10008.5.1.4.1.1.6",
    "StandaloneOverlayStorage": "1.2.840.10008.5.1.4.1.1.8",
    "StandaloneCurveStorage": "1.2.840.10008.5.1.4.1.1.9",
    "StandaloneModalityLUTStorage": "1.2.840.10008.5.1.4.1.1.10",
    "StandaloneVOILUTStorage": "1.2.840.10008.5.1.4.1.1.11",
    "XRayAngiographicBiPlaneImageStorage": "1.2.840.10008.5.1.4.1.1.12.3",
    "StandalonePETCurveStorage": "1.2.840.10008.5.1.4.1.1.129",
}
"""Storage SOP classes that the standard has retired and documents of the field still list; pynetdicom has to be told."""

for _keyword, _uid in RETIRED_STORAGE.items():
    register_uid(_uid, _keyword, StorageServiceClass)

STORAGE = (
    *(UID(str(one.abstract_syntax)) for one in AllStoragePresentationContexts),
    *map(UID, RETIRED_STORAGE.values()),
)
"""Every Storage SOP Class that a peer can be asked to keep."""
