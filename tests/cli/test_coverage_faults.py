"""``linacsim coverage faults``: each fault in each role, by the log of a run."""

from __future__ import annotations

import json

import pytest

from linacsim.cli import main
from linacsim.faults import ACTIONS


def test_a_run_reaches_the_fault_that_it_fires_in_the_role_of_its_peer(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["faults/longer-than-the-maximum", "faults/contexts-refused"]
    assert main(["coverage", "faults", *names, "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    text = json.dumps(told)
    assert {word for word in ACTIONS if f'"{word}"' in text} == set(ACTIONS)
    assert main(["coverage", "faults", *names]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "upper layer, acceptor: 1 of 13" in lines
    assert "upper layer, requestor: 1 of 13" in lines
    assert any(line.split()[:3] == ["oversize-pdu", "requestor", names[0]] for line in lines)
    assert any(line.split()[:3] == ["refuse-contexts", "acceptor", names[1]] for line in lines)
