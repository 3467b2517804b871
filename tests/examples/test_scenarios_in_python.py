from pathlib import Path

from linacsim.playing import Setting, play_scenario
from linacsim.scenario.loader import scenario_of
from linacsim.scenario.vocabulary import vocabulary


def test_any_number_of_images_arrives(tmp_path: Path) -> None:
    for count in (1, 2, 5):
        scenario = scenario_of(
            {
                "scenario": f"{count} images arrive",
                "peers": {"ARCHIVE": {"kind": "storage"}, "SCU": {"kind": "storage"}},
                "steps": [{"SCU": {"store": {"to": "ARCHIVE", "images": ["pydicom:CT_small.dcm"] * count}}}],
                "expect": [{"event": "object-stored", "at": "ARCHIVE", "count": count}],
            },
            vocabulary(),
        )
        played = play_scenario(scenario, Setting(clock="virtual", seed=7), tmp_path)
        assert played.outcome.verdict == "pass"
