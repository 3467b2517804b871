"""The SOP classes of Print Management: active ones, meta SOP classes with their members, retired ones (PS3.4 Annex H)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydicom.uid import UID
from pynetdicom import register_uid
from pynetdicom.service_class_n import PrintManagementServiceClass

BasicFilmSession = UID("1.2.840.10008.5.1.1.1")
BasicFilmBox = UID("1.2.840.10008.5.1.1.2")
BasicGrayscaleImageBox = UID("1.2.840.10008.5.1.1.4")
BasicColorImageBox = UID("1.2.840.10008.5.1.1.4.1")
PrintJob = UID("1.2.840.10008.5.1.1.14")
BasicAnnotationBox = UID("1.2.840.10008.5.1.1.15")
Printer = UID("1.2.840.10008.5.1.1.16")
PrinterConfigurationRetrieval = UID("1.2.840.10008.5.1.1.16.376")
PresentationLUT = UID("1.2.840.10008.5.1.1.23")
BasicGrayscalePrintManagementMeta = UID("1.2.840.10008.5.1.1.9")
BasicColorPrintManagementMeta = UID("1.2.840.10008.5.1.1.18")

PrinterInstance = UID("1.2.840.10008.5.1.1.17")
PrinterConfigurationRetrievalInstance = UID("1.2.840.10008.5.1.1.17.376")
"""The two well-known SOP Instances (PS3.6 Annex A)."""

BasicPrintImageOverlayBox = UID("1.2.840.10008.5.1.1.24.1")

NAMES: Mapping[UID, str] = MappingProxyType(
    {
        BasicFilmSession: "Basic Film Session",
        BasicFilmBox: "Basic Film Box",
        BasicGrayscaleImageBox: "Basic Grayscale Image Box",
        BasicColorImageBox: "Basic Color Image Box",
        BasicAnnotationBox: "Basic Annotation Box",
        PrintJob: "Print Job",
        Printer: "Printer",
        PresentationLUT: "Presentation LUT",
        PrinterConfigurationRetrieval: "Printer Configuration Retrieval",
    }
)
"""The nine SOP classes and their names."""

METAS: Mapping[UID, tuple[UID, ...]] = MappingProxyType(
    {
        BasicGrayscalePrintManagementMeta: (BasicFilmSession, BasicFilmBox, BasicGrayscaleImageBox, Printer),
        BasicColorPrintManagementMeta: (BasicFilmSession, BasicFilmBox, BasicColorImageBox, Printer),
    }
)
"""The two meta SOP classes and their members (PS3.4 H.3.2)."""

META_NAMES: Mapping[UID, str] = MappingProxyType(
    {
        BasicGrayscalePrintManagementMeta: "Basic Grayscale Print Management Meta",
        BasicColorPrintManagementMeta: "Basic Color Print Management Meta",
    }
)

RETIRED: Mapping[UID, str] = MappingProxyType(
    {
        UID("1.2.840.10008.5.1.1.4.2"): "Referenced Image Box",
        UID("1.2.840.10008.5.1.1.9.1"): "Referenced Grayscale Print Management Meta",
        UID("1.2.840.10008.5.1.1.18.1"): "Referenced Color Print Management Meta",
        UID("1.2.840.10008.5.1.1.22"): "VOI LUT Box",
        UID("1.2.840.10008.5.1.1.24"): "Image Overlay Box",
        BasicPrintImageOverlayBox: "Basic Print Image Overlay Box",
        UID("1.2.840.10008.5.1.1.26"): "Print Queue Management",
        UID("1.2.840.10008.5.1.1.27"): "Stored Print Storage",
        UID("1.2.840.10008.5.1.1.29"): "Hardcopy Grayscale Image Storage",
        UID("1.2.840.10008.5.1.1.30"): "Hardcopy Color Image Storage",
        UID("1.2.840.10008.5.1.1.31"): "Pull Print Request",
        UID("1.2.840.10008.5.1.1.32"): "Pull Stored Print Management Meta",
    }
)
"""What the standard has retired and old clients still propose (PS3.6 Annex A)."""

for _uid, _name in RETIRED.items():
    # pynetdicom aborts an association over a class that it does not know
    register_uid(_uid, "".join(_name.split()), PrintManagementServiceClass)


def name_of(uid: str) -> str:
    """Return the name of a SOP class of print management; any other UID as it is."""
    return NAMES.get(UID(uid)) or META_NAMES.get(UID(uid)) or RETIRED.get(UID(uid)) or uid


def members(abstract_syntax: str) -> tuple[UID, ...]:
    """Return the SOP classes that may be spoken of in a presentation context: the members of a meta SOP class, or itself."""
    uid = UID(abstract_syntax)
    return METAS.get(uid, (uid,))
