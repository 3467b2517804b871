"""What is sent."""

from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pynetdicom import AE

FILES = ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm")
SUCCESS, WARNING = 0x0000, 0xB


def images() -> list[Dataset]:
    return [dcmread(str(get_testdata_file(name))) for name in FILES]


def entity(datasets: list[Dataset]) -> AE:
    ae = AE("MINE")
    ae.acse_timeout = ae.dimse_timeout = ae.connection_timeout = 30
    for ds in datasets:
        ae.add_requested_context(ds.SOPClassUID, ds.file_meta.TransferSyntaxUID)
    return ae


def is_stored(status: Dataset) -> bool:
    """Success, or a warning: the peer has taken the image (PS3.4 B.2.3)."""
    return "Status" in status and (status.Status == SUCCESS or status.Status >> 12 == WARNING)
