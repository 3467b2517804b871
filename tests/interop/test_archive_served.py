"""DCMTK's clients against ``linacsim serve archive`` as a process of its own: every level, root, transfer syntax and service."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID

from linacsim.kernel.identity import Identity
from linacsim.objects.case import Case, CaseSettings
from tests.interop.datasets import bundled, differences, many
from tests.interop.dcmtk import Done, free_port, listening, run
from tests.live.served import Served, serving

pytestmark = [
    pytest.mark.interop,
    # files that come with pydicom are odd on purpose
    pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning"),
]

HOST = "127.0.0.1"
PERSONALITY = """
about = "a site with DCMTK's programs"
[destinations]
STORESCP = {{host = "127.0.0.1", port = {store}}}
MOVESCU = {{host = "127.0.0.1", port = {move}}}
"""
KINDS = ("ct", "rtstruct", "rtplan", "rtdose", "rtimage")
SYNTAXES = {
    "-xs": "SC_rgb_jpeg_gdcm.dcm", "-xy": "SC_rgb_jpeg_dcmtk.dcm", "-xx": "JPEG-lossy.dcm", "-xr": "MR_small_RLE.dcm",
    "-xv": "MR_small_jp2klossless.dcm", "-xw": "JPEG2000.dcm", "-xt": "MR_small_jpeg_ls_lossless.dcm",
    "-xd": "image_dfl.dcm", "-xb": "MR_small_bigendian.dcm", "-xi": "rtplan.dcm",
}  # fmt: skip
"""Files, by the option that lets storescu propose their transfer syntax."""


class Site:
    """An archive with a synthetic patient, and the ports of DCMTK's programs that it may send to."""

    def __init__(self, served: Served, folder: Path, store_port: int, move_port: int) -> None:
        self.served, self.store_port, self.move_port = served, store_port, move_port
        self.port = served.addresses["ARCHIVE"][1]
        self.files: dict[str, Path] = {}
        (folder / "case").mkdir()
        for number, ds in enumerate(Case(Identity(3), CaseSettings(slices=5, matrix=32, radiograph=32)).objects(KINDS)):
            path = folder / "case" / f"{number}.dcm"
            ds.save_as(path, enforce_file_format=True)
            self.files[str(ds.SOPInstanceUID)] = path
        self.case: list[Dataset] = [dcmread(path) for path in self.files.values()]
        run("storescu", "-aec", "ARCHIVE", "+sd", HOST, self.port, folder / "case").assert_good()

    def ask(self, program: str, *arguments: object) -> Done:
        """Run one of DCMTK's clients; keys and options stand before the address."""
        return run(program, "-v", "-aec", "ARCHIVE", *arguments, HOST, self.port)

    def find(self, folder: Path, root: str, level: str, **values: str) -> list[Dataset]:
        """Return the responses that findscu extracts."""
        into = folder / "responses"
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir()
        self.ask("findscu", root, "-X", "-od", into, *keys(level, **values)).assert_good()
        return [dcmread(path, force=True) for path in sorted(into.glob("rsp*.dcm"))]


def keys(level: str, **values: str) -> list[str]:
    """Return the options for the keys of an identifier."""
    pairs = [f"QueryRetrieveLevel={level}", *(f"{keyword}={value}" for keyword, value in values.items())]
    return [part for pair in pairs for part in ("-k", pair)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One archive for all tests: served as a user serves it, with a personality from a file; Ctrl-C ends it in good order."""
    folder = tmp_path_factory.mktemp("archive")
    store_port, move_port = free_port(), free_port()
    mine = folder / "mine.toml"
    mine.write_text(PERSONALITY.format(store=store_port, move=move_port), "utf-8")
    with serving("archive", out=folder / "out", options=("--personality", str(mine))) as served:
        yield Site(served, folder, store_port, move_port)


def uids(ds: Dataset) -> dict[str, str]:
    return {"StudyInstanceUID": str(ds.StudyInstanceUID), "SeriesInstanceUID": str(ds.SeriesInstanceUID)}


def of(site: Site, modality: str) -> list[Dataset]:
    return [ds for ds in site.case if ds.Modality == modality]


def test_echoscu(site: Site) -> None:
    run("echoscu", "-aec", "ARCHIVE", "--repeat", "5", HOST, site.port).assert_good()


def test_findscu_at_every_level_of_the_study_root(site: Site, tmp_path: Path) -> None:
    ct = of(site, "CT")[0]
    wanted = {"StudyInstanceUID": "", "PatientID": str(ct.PatientID), "ModalitiesInStudy": ""}
    (study,) = site.find(tmp_path, "-S", "STUDY", **wanted, NumberOfStudyRelatedInstances="")
    assert study.StudyInstanceUID == ct.StudyInstanceUID
    assert set(study.ModalitiesInStudy) == {ds.Modality for ds in site.case}
    assert int(study.NumberOfStudyRelatedInstances) == len(site.case)
    series = site.find(
        tmp_path, "-S", "SERIES", StudyInstanceUID=str(ct.StudyInstanceUID), SeriesInstanceUID="", Modality=""
    )
    assert {(str(one.SeriesInstanceUID), one.Modality) for one in series} == {
        (str(ds.SeriesInstanceUID), ds.Modality) for ds in site.case
    }
    images = site.find(tmp_path, "-S", "IMAGE", **uids(ct), SOPInstanceUID="", InstanceNumber="")
    assert {str(one.SOPInstanceUID) for one in images} == {str(ds.SOPInstanceUID) for ds in of(site, "CT")}
    assert all(one.RetrieveAETitle == "ARCHIVE" and one.InstanceAvailability == "ONLINE" for one in images)


def test_findscu_at_every_level_of_the_patient_root(site: Site, tmp_path: Path) -> None:
    ct = of(site, "CT")[0]
    patient = str(ct.PatientID)
    (one,) = site.find(tmp_path, "-P", "PATIENT", PatientID=patient, PatientName="", NumberOfPatientRelatedSeries="")
    assert (one.PatientName, int(one.NumberOfPatientRelatedSeries)) == (ct.PatientName, len(KINDS))
    (study,) = site.find(tmp_path, "-P", "STUDY", PatientID=patient, StudyInstanceUID="")
    assert study.StudyInstanceUID == ct.StudyInstanceUID
    above = {"PatientID": patient, "StudyInstanceUID": str(ct.StudyInstanceUID)}
    assert len(site.find(tmp_path, "-P", "SERIES", **above, SeriesInstanceUID="")) == len(KINDS)
    assert len(site.find(tmp_path, "-P", "IMAGE", PatientID=patient, **uids(ct), SOPInstanceUID="")) == len(
        of(site, "CT")
    )


def test_findscu_finds_what_belongs_to_a_plan(site: Site, tmp_path: Path) -> None:
    """Sequence matching: the doses and images that refer to a plan."""
    (plan,) = of(site, "RTPLAN")
    key = f"ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID={plan.SOPInstanceUID}"
    for modality in ("RTDOSE", "RTIMAGE"):
        ds = of(site, modality)[0]
        into = tmp_path / modality
        into.mkdir()
        asked = (*keys("IMAGE", **uids(ds), SOPInstanceUID=""), "-k", key)
        site.ask("findscu", "-S", "-X", "-od", into, *asked).assert_good()
        found = {str(dcmread(path, force=True).SOPInstanceUID) for path in into.iterdir()}
        assert found == {str(one.SOPInstanceUID) for one in of(site, modality)}
    (tmp_path / "none").mkdir()
    other = (*keys("IMAGE", **uids(of(site, "RTDOSE")[0])), "-k", key.replace(str(plan.SOPInstanceUID), "1.2.3"))
    site.ask("findscu", "-S", "-X", "-od", tmp_path / "none", *other).assert_good()
    assert list((tmp_path / "none").iterdir()) == []


@pytest.mark.parametrize("level", ["PATIENT", "STUDY", "SERIES", "IMAGE"])
def test_getscu_gets_each_level_bit_by_bit(site: Site, tmp_path: Path, level: str) -> None:
    (ct, *_) = of(site, "CT")
    values = {"PatientID": str(ct.PatientID), **uids(ct), "SOPInstanceUID": str(ct.SOPInstanceUID)}
    depth = ("PATIENT", "STUDY", "SERIES", "IMAGE").index(level) + 1
    wanted = dict(list(values.items())[:depth])
    site.ask("getscu", "-P", "+B", "-od", tmp_path, *keys(level, **wanted)).assert_good()
    got = {str(dcmread(path).SOPInstanceUID): path for path in tmp_path.iterdir()}
    cts = of(site, "CT")
    expected: dict[str, list[Dataset]] = {"PATIENT": site.case, "STUDY": site.case, "SERIES": cts, "IMAGE": cts[:1]}
    assert set(got) == {str(ds.SOPInstanceUID) for ds in expected[level]}
    for uid, path in got.items():
        assert data_set(path) == data_set(site.files[uid])


def data_set(path: Path) -> bytes:
    """Return the bytes of a file behind its meta header: Group Length (0002,0000) tells where it ends."""
    text = path.read_bytes()
    return text[144 + int.from_bytes(text[140:144], "little") :]


def test_movescu_receives_at_its_own_port(site: Site, tmp_path: Path) -> None:
    ct = of(site, "CT")[0]
    own = ("-aet", "MOVESCU", "-aem", "MOVESCU", "--port", site.move_port, "-od", tmp_path)
    site.ask("movescu", "-S", *own, *keys("STUDY", StudyInstanceUID=str(ct.StudyInstanceUID))).assert_good()
    kept = {str(dcmread(path).SOPInstanceUID): path for path in tmp_path.iterdir()}
    assert set(kept) == set(site.files)
    for uid, path in kept.items():
        assert differences(path, site.files[uid]) == []


def test_movescu_moves_to_storescp(site: Site, tmp_path: Path) -> None:
    ct = of(site, "CT")[0]
    with listening("storescp", "-od", tmp_path, site.store_port, port=site.store_port):
        told = site.ask("movescu", "-d", "-S", "-aem", "STORESCP", *keys("SERIES", **uids(ct)))
    told.assert_good()
    assert len(list(tmp_path.iterdir())) == len(of(site, "CT"))
    final = told.text[told.text.rindex("C-MOVE RSP") :]
    assert re.search(r"Completed Suboperations\s*: 5", final)


@pytest.mark.parametrize("program", ["findscu", "movescu"])
def test_a_cancel_ends_it(site: Site, tmp_path: Path, program: str) -> None:
    """The C-CANCEL may come when nothing is left to be cancelled; there is an end in any case, and it serves on."""
    files = many(tmp_path / "series", 200)
    run("storescu", "-aec", "ARCHIVE", HOST, site.port, *files).assert_good()
    ct = dcmread(files[0])
    asked = keys("IMAGE", **uids(ct), SOPInstanceUID="") if program == "findscu" else keys("SERIES", **uids(ct))
    (tmp_path / "kept").mkdir()
    with listening("storescp", "-od", tmp_path / "kept", site.store_port, port=site.store_port):
        where = () if program == "findscu" else ("-aem", "STORESCP")
        told = site.ask(program, "-d", "-S", *where, "--cancel", 2, *asked)
    assert re.search(r"DIMSE Status\s*: 0x(fe00|0000)", told.text), told.text[-2000:]
    assert "abort" not in told.text.lower()
    run("echoscu", "-aec", "ARCHIVE", HOST, site.port).assert_good()


@pytest.mark.parametrize(("option", "name"), SYNTAXES.items())
def test_each_transfer_syntax_is_kept_and_comes_back(site: Site, tmp_path: Path, option: str, name: str) -> None:
    """What is compressed comes back as it was; what is not, in a transfer syntax that movescu takes.

    By C-MOVE, as getscu proposes several transfer syntaxes in one context: an archive that does not decompress has to choose
    one for all objects, and chooses one that is not compressed.
    """
    source = tmp_path / "sent.dcm"
    ds = dcmread(bundled(name))
    # several of the files are one image in several transfer syntaxes
    identity = Identity(31)
    ds.StudyInstanceUID, ds.SOPInstanceUID = UID(identity.uid("study", name)), UID(identity.uid("object", name))
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.save_as(source)
    run("storescu", option, "-R", "-aec", "ARCHIVE", HOST, site.port, source).assert_good()
    into = tmp_path / "got"
    into.mkdir()
    prefers = "+" + option[1:] if option not in ("-xi", "-xb") else "+xe"
    own = ("-aet", "MOVESCU", "-aem", "MOVESCU", "--port", site.move_port, prefers, "-od", into)
    site.ask("movescu", "-S", *own, *keys("STUDY", StudyInstanceUID=str(ds.StudyInstanceUID))).assert_good()
    (path,) = into.iterdir()
    back = dcmread(path)
    if ds.file_meta.TransferSyntaxUID.is_compressed and option != "-xd":
        assert back.file_meta.TransferSyntaxUID == ds.file_meta.TransferSyntaxUID
        assert back.PixelData == ds.PixelData
    assert differences(source, path) == []


def test_four_storescu_at_once(site: Site, tmp_path: Path) -> None:
    folders = [tmp_path / f"sender-{number}" for number in range(4)]
    sent: set[str] = set()
    for number, folder in enumerate(folders):
        case = Case(Identity(100 + number), CaseSettings(slices=25, matrix=64, radiograph=32))
        folder.mkdir()
        for slice_number, ds in enumerate(case.objects(("ct",))):
            ds.save_as(folder / f"{slice_number}.dcm", enforce_file_format=True)
            sent.add(str(ds.SOPInstanceUID))
    with ThreadPoolExecutor(len(folders)) as pool:
        done = list(
            pool.map(lambda folder: run("storescu", "-aec", "ARCHIVE", "+sd", HOST, site.port, folder), folders)
        )
    for one in done:
        one.assert_good()
    found: set[str] = set()
    for folder in folders:
        ds = dcmread(folder / "0.dcm")
        found |= {str(one.SOPInstanceUID) for one in site.find(tmp_path, "-S", "IMAGE", **uids(ds), SOPInstanceUID="")}
    assert found == sent


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (("findscu", "-S", *keys("SERIES", SeriesInstanceUID="")), "0xa900"),
        (("findscu", "-S", *keys("PATIENT", PatientID="")), "0xa900"),
        (("findscu", "-S", *keys("STUDY", StudyDate="nonsense")), "0xa900"),
        (("movescu", "-S", "-aem", "NOBODY", *keys("STUDY", StudyInstanceUID="1.2.3")), "0xa801"),
        (("movescu", "-S", "-aem", "STORESCP", *keys("STUDY", StudyInstanceUID="")), "0xa900"),
    ],
)
def test_what_is_wrong_is_told(site: Site, asked: tuple[str, ...], status: str) -> None:
    program, *arguments = asked
    told = site.ask(program, "-d", *arguments)
    assert status in told.text.lower(), told.text[-2000:]
    assert "abort" not in told.text.lower()


def test_nothing_matches(site: Site, tmp_path: Path) -> None:
    assert site.find(tmp_path, "-S", "STUDY", StudyInstanceUID="1.2.3.4") == []
    done = site.ask("movescu", "-d", "-S", "-aem", "STORESCP", *keys("STUDY", StudyInstanceUID="1.2.3.4"))
    assert re.search(r"DIMSE Status\s*: 0x0000", done.text), done.text[-1500:]
