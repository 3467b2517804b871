"""An archive that manages treatments: plans for an Apex MLC, fields of images, what belongs together. On both clocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.devices.archive.keeping import KeepingSettings
from linacsim.devices.archive.personality import ArchivePersonality, Forget, Load
from linacsim.devices.archive.related import Related
from linacsim.devices.archive.treatment import Treatment
from linacsim.devices.caseof import CaseOf
from linacsim.devices.planning.monaco import ExportObjects
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.log import Record

Act = Callable[..., Any]
Records = Callable[..., list[Record]]
APEX = CaseOf(slices=3, matrix=32, radiograph=32, dose_spacing=25.0, machine="APEX")
EARLIER, LATER = "mosaiq-pre-2.50", "mosaiq-2.50"


@pytest.fixture
def site(bench_clock: Bench) -> Bench:
    bench_clock.add("archive", "EARLIER", settings=ArchivePersonality.named(EARLIER))
    bench_clock.add("archive", "LATER", settings=ArchivePersonality.named(LATER))
    bench_clock.add("storage", "CONTROLLER")
    bench_clock.add("monaco-cms-scu", "CMS_SCU")
    return bench_clock


def stored(records: Records, at: str) -> int:
    return len(records("object-stored", at))


@pytest.mark.usefixtures("site")
class TestTwoExports:
    """Monaco 5.30, 3.1.16."""

    def test_an_earlier_one_gets_the_plan_without_leaves(self, act: Act, records: Records) -> None:
        what = ExportObjects(to="EARLIER", case=APEX, what=("rtplan",), apex="two-plans", mlc_controller="CONTROLLER")
        act("CMS_SCU", "export-objects", what)
        assert (stored(records, "EARLIER"), stored(records, "CONTROLLER")) == (1, 1)
        (filed,) = records("plan-filed", "EARLIER")
        (one,) = records("object-sent", "CMS_SCU")[:1]
        (other,) = records("object-sent", "CMS_SCU")[1:]
        assert filed["sop-instance"] == one["sop-instance"] != other["sop-instance"]

    @pytest.mark.parametrize(
        ("apex", "complaint"),
        [
            ("single-plan", "Apex machine: a single plan is not taken here"),
            ("two-plans", "Apex machine: a plan for the MLC controller is not taken here"),
            (None, "Apex machine: a single plan is not taken here"),
        ],
    )
    def test_an_earlier_one_takes_nothing_else(self, act: Act, records: Records, apex: Any, complaint: str) -> None:
        with pytest.raises(PlayFailure, match=r"0xC000") as told:
            act("CMS_SCU", "export-objects", ExportObjects(to="EARLIER", case=APEX, what=("rtplan",), apex=apex))
        assert complaint in str(told.value)
        assert stored(records, "EARLIER") == (1 if apex == "two-plans" else 0)

    def test_a_later_one_takes_the_single_plan(self, act: Act, records: Records) -> None:
        act("CMS_SCU", "export-objects", ExportObjects(to="LATER", case=APEX, apex="single-plan"))
        assert stored(records, "LATER") > 1
        # one for photons, and the ion plan that Monaco exports beside it
        assert len(records("plan-filed", "LATER")) == 2

    def test_a_plan_of_another_machine_is_none_of_its_business(self, act: Act, records: Records) -> None:
        other = APEX.model_copy(update={"machine": "LINAC1"})
        act("CMS_SCU", "export-objects", ExportObjects(to="EARLIER", case=other, what=("rtplan",)))
        assert stored(records, "EARLIER") == 1

    def test_two_plans_of_nothing(self, act: Act) -> None:
        with pytest.raises(InputError, match="there is no plan with leaves"):
            act("CMS_SCU", "export-objects", ExportObjects(to="LATER", case=APEX, what=("ct",), apex="two-plans"))


@pytest.mark.usefixtures("site")
class TestFields:
    """Monaco 5.30, Appendix 4 and 5."""

    def test_a_drr_goes_to_the_field_that_its_label_begins_with(self, act: Act, records: Records) -> None:
        act("CMS_SCU", "export-objects", ExportObjects(to="LATER", case=APEX))
        act("CMS_SCU", "export-drr", ExportObjects(to="LATER", case=APEX))
        fields = [field for plan in records("plan-filed", "LATER") for field in plan["fields"]]
        assert all(len(site) <= 20 for plan in records("plan-filed", "LATER") for site in plan["sites"])
        assigned = records("image-assigned", "LATER")
        assert assigned
        for one in assigned:
            assert one["field"] in fields
            assert one["field"][:5] == one["label"][:5]
        assert records("image-unassigned", "LATER") == []

    def test_a_drr_of_no_field_is_told(self, act: Act, records: Records) -> None:
        act("CMS_SCU", "export-drr", ExportObjects(to="LATER", case=APEX))
        assert records("image-assigned", "LATER") == []
        assert records("image-unassigned", "LATER")


def test_an_archive_without_a_treatment_looks_at_nothing(site: Bench, act: Act, records: Records) -> None:
    site.add("archive", "PLAIN")
    act("CMS_SCU", "export-objects", ExportObjects(to="PLAIN", case=APEX, what=("rtplan",)))
    assert stored(records, "PLAIN") == 1
    assert records("plan-filed", "PLAIN") == []


def test_names_of_sites_are_cut(site: Bench, act: Act, records: Records) -> None:
    site.add("archive", "SHORT", settings=ArchivePersonality(treatment=Treatment(site_name_length=3)))
    act("CMS_SCU", "export-objects", ExportObjects(to="SHORT", case=APEX, what=("rtplan",)))
    (plan,) = records("plan-filed", "SHORT")
    assert plan["sites"]
    assert all(len(site) == 3 for site in plan["sites"])


# what belongs together


def test_what_a_plan_refers_to(site: Bench, act: Act, records: Records) -> None:
    site.add("archive", "TMS")
    act("TMS", "load", Load(case=APEX, what=("ct", "rtstruct", "rtplan", "rtdose", "rtimage")))
    act("TMS", "related", Related(of="rtplan", holds={"rtplan": 1, "rtstruct": 1, "ct": APEX.slices}))
    (told,) = records("related-objects", "TMS")
    assert told["missing"] == 0
    assert told["objects"] >= 2 + APEX.slices


def test_what_is_missing_is_named(site: Bench, act: Act) -> None:
    site.add("archive", "TMS")
    act("TMS", "load", Load(case=APEX, what=("ct", "rtplan")))
    with pytest.raises(PlayFailure, match=r"TMS does not have what is referred to: RT Structure Set 2\.25\.\d+"):
        act("TMS", "related", Related(of="rtplan"))
    act("TMS", "related", Related(of="rtplan", holds={"ct": 0}, missing=9))


@pytest.mark.parametrize("still_listed", [True, False])
def test_a_lost_object_is_missing_whether_it_is_listed_or_not(site: Bench, act: Act, still_listed: bool) -> None:
    site.add("archive", "TMS")
    act("TMS", "load", Load(case=APEX, what=("rtplan", "rtstruct", "ct")))
    act("TMS", "forget", Forget(nth=1, still_listed=still_listed))
    with pytest.raises(PlayFailure, match="does not have what is referred to"):
        act("TMS", "related", Related(of="rtstruct"))


@pytest.mark.parametrize(
    ("what", "error", "text"),
    [
        (Related(of="rtplan"), PlayFailure, "TMS has no object of kind rtplan"),
        (Related(of="1.2.3"), PlayFailure, "TMS has no object 1.2.3"),
        (Related(of="rtplan", holds={"rtplam": 1}), InputError, "unknown kind of object 'rtplam'"),
    ],
)
def test_nothing_to_look_for(site: Bench, act: Act, what: Related, error: type[Exception], text: str) -> None:
    site.add("archive", "TMS")
    with pytest.raises(error, match=text):
        act("TMS", "related", what)


def test_not_as_many_as_wanted(site: Bench, act: Act) -> None:
    site.add("archive", "TMS")
    act("TMS", "load", Load(case=APEX, what=("ct", "rtstruct", "rtplan")))
    with pytest.raises(PlayFailure, match="3 of ct belong to rtplan instead of 4"):
        act("TMS", "related", Related(of="rtplan", holds={"ct": 4}, missing=9))


@pytest.mark.parametrize("clock", ["virtual", "live"])
def test_fields_are_known_again_after_a_restart(tmp_path: Path, clock: Any) -> None:
    settings = ArchivePersonality.named(LATER, keeping=KeepingSettings(store=str(tmp_path / "store")))

    def run(action: str, what: tuple[Any, ...]) -> list[Record]:
        with Bench(clock=clock, seed=7) as again:
            again.add("archive", "LATER", settings=settings)
            sender = again.add("monaco-cms-scu", "CMS_SCU")
            again.play(sender.act, action, ExportObjects(to="LATER", case=APEX, what=what), place=sender.place)
            return [record for record in again.log.records if record["event"].startswith(("image-", "plan-"))]

    assert [one["event"] for one in run("export-objects", ("rtplan",))] == ["plan-filed"]
    assert {one["event"] for one in run("export-drr", ())} == {"image-assigned"}
