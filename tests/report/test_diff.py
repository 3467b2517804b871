"""Where two runs part, and every reason why that cannot be told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from linacsim.errors import InputError
from linacsim.kernel.log import canonical
from linacsim.report import Difference, diff_runs, format_divergence

HEADER = {"linacsim": "0.1.0", "scenario": "a film", "clock": "virtual", "seed": 7}
EVENTS: list[dict[str, Any]] = [{"n": n, "t": 1000 * n, "at": "PRINTER", "event": "tick", "k": n} for n in range(9)]


def run(folder: Path, events: list[dict[str, Any]], **header: Any) -> Path:
    """Write a run and return its folder."""
    folder.mkdir()
    lines = [json.dumps({**HEADER, **header}), *map(canonical, events)]
    (folder / "events.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder


def changed(ordinal: int, **fields: Any) -> list[dict[str, Any]]:
    """Return the events with one of them changed."""
    return [{**event, **fields} if event["n"] == ordinal else event for event in EVENTS]


def raw(tmp_path: Path, content: bytes) -> Path:
    """Write a log of any bytes and return it."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(content)
    return path


def test_equal_runs(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a", EVENTS), run(tmp_path / "b", EVENTS)
    assert diff_runs(a, b) is diff_runs(a / "events.jsonl", b) is None
    assert format_divergence(None) == "the runs are the same\n"


def test_the_order_of_keys_and_spaces_do_not_matter(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a", EVENTS), run(tmp_path / "b", EVENTS)
    loose = [HEADER, *({key: event[key] for key in reversed(event)} for event in EVENTS)]
    (b / "events.jsonl").write_text("\r\n".join(json.dumps(record) for record in loose))
    assert diff_runs(a, b) is None


def test_the_first_difference(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a", EVENTS), run(tmp_path / "b", changed(5, k=True, t=5500, extra="é\x1b[2J"))
    found = diff_runs(a, b)
    assert found is not None
    assert (found.ordinal, found.before) == (5, tuple(EVENTS[2:5]))
    assert (found.left, found.right) == (EVENTS[5], changed(5, k=True, t=5500, extra="é\x1b[2J")[5])
    assert found.fields == (
        Difference("t", "5000", "5500"),
        Difference("k", "5", "true"),
        Difference("extra", None, '"é\\u001b[2J"'),
    )
    golden = f"""\
the runs differ at event 5
  A {a}/events.jsonl
  B {b}/events.jsonl
events
    0:00:00.002000 * PRINTER  tick  k=2
    0:00:00.003000 * PRINTER  tick  k=3
    0:00:00.004000 * PRINTER  tick  k=4
  A 0:00:00.005000 * PRINTER  tick  k=5
  B 0:00:00.005500 * PRINTER  tick  extra="é\\u001b[2J" k=true
fields that differ
  t      A 5000  B 5500
  k      A 5  B true
  extra  A (absent)  B "é\\u001b[2J"
"""
    assert format_divergence(found) == golden
    assert format_divergence(found, ascii_only=True).isascii()


def test_the_very_first_event_differs_and_one_type_is_not_another(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a", changed(0, k=1)), run(tmp_path / "b", changed(0, k=1.0))
    found = diff_runs(a, b)
    assert found is not None
    assert (found.ordinal, found.before, found.fields) == (0, (), (Difference("k", "1", "1.0"),))


@pytest.mark.parametrize(
    ("left", "right", "words"), [(9, 7, "B ends after 7 events, A"), (1, 9, "A ends after 1 event, B")]
)
def test_one_run_ends_earlier(tmp_path: Path, left: int, right: int, words: str) -> None:
    found = diff_runs(run(tmp_path / "a", EVENTS[:left]), run(tmp_path / "b", EVENTS[:right]))
    text = format_divergence(found)
    assert text.startswith(f"{words} goes on\n")
    assert found is not None
    assert text.count(f"  {words[-1]} 0:00:00.00{found.ordinal}000 * PRINTER  tick  k={found.ordinal}\n") == 1
    assert "fields" not in text


def test_only_the_headers_differ(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a", EVENTS), run(tmp_path / "b", EVENTS, seed=8, clock="live")
    found = diff_runs(a, b)
    assert found is not None
    assert found.ordinal is None
    assert (
        format_divergence(found)
        == f"""\
the events are the same, the headers differ
  A {a}/events.jsonl
  B {b}/events.jsonl
headers differ
  clock  A "virtual"  B "live"
  seed   A 7  B 8
"""
    )


def test_headers_and_events_differ(tmp_path: Path) -> None:
    found = diff_runs(run(tmp_path / "a", EVENTS), run(tmp_path / "b", changed(8, k=0), linacsim="0.2.0"))
    text = format_divergence(found)
    assert text.startswith("the runs differ at event 8\n")
    assert 'headers differ\n  linacsim  A "0.1.0"  B "0.2.0"\nevents\n' in text
    assert text.endswith("fields that differ\n  k  A 8  B 0\n")


def test_a_long_value_is_shortened(tmp_path: Path) -> None:
    found = diff_runs(run(tmp_path / "a", EVENTS), run(tmp_path / "b", changed(3, k="x" * 10_000)))
    assert max(map(len, format_divergence(found).splitlines()[3:])) <= 120


def test_what_a_user_was_told_may_take_several_lines(tmp_path: Path) -> None:
    long = "no response within 300 s; " * 12
    a = run(tmp_path / "a", changed(5, event="user-told", text=long))
    b = run(tmp_path / "b", changed(5, event="user-told", text=long + "x"))
    told = format_divergence(diff_runs(a, b)).splitlines()
    marks = [line[2:4] for line in told[told.index("events") + 1 : told.index("fields that differ")]]
    assert marks[:3] == ["  ", "  ", "  "]
    assert [mark for mark in marks if mark.strip()] == ["A ", "B "]
    assert len(marks) > 8


def test_runs_of_only_a_header(tmp_path: Path) -> None:
    a = run(tmp_path / "a", [])
    assert diff_runs(a, run(tmp_path / "b", [])) is None
    found = diff_runs(a, run(tmp_path / "c", EVENTS))
    assert format_divergence(found).startswith("A ends after 0 events, B goes on\n")


HEAD = json.dumps(HEADER).encode() + b"\n"
EVENT = canonical(EVENTS[0]).encode() + b"\n"


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", 0, "the file is empty; name a run that came to its end"),
        (b"hello\n", 1, "not a run: the first line is no header; name a run folder or its events.jsonl"),
        (b"\xff\xfe\x00garbage", 1, "not a run: the first line is no header; name a run folder or its events.jsonl"),
        (EVENT, 1, "not a run: the first line is no header; name a run folder or its events.jsonl"),
        (HEAD + EVENT + EVENT[:20], 3, "the line breaks off; the file is incomplete; run again"),
        (HEAD + b"{]\n" + EVENT, 2, "the line is no JSON; the file is damaged; run again"),
        (HEAD + b"\n" + EVENT, 2, "the line is no JSON; the file is damaged; run again"),
        (HEAD + b"\xff\n", 2, "the line is no JSON; the file is damaged; run again"),
        (HEAD + b"[" * 100_000 + b"\n", 2, "the line is no JSON; the file is damaged; run again"),
        (HEAD + b"9" * 10_000 + b"\n", 2, "the line is no JSON; the file is damaged; run again"),
        (HEAD + b"[1]\n", 2, "the line is no JSON object; the file is damaged; run again"),
        (HEAD + b'{"n":0,"event":"x"}\n', 2, "not an event: it has no t, at; the file was changed by hand"),
        (
            HEAD + EVENT.replace(b'"t":0', b'"t":"0"'),
            2,
            "not an event: its time t is no whole number; the file was changed by hand",
        ),
    ],
)
def test_a_log_that_is_none(tmp_path: Path, content: bytes, line: int, words: str) -> None:
    bad, good = raw(tmp_path, content), run(tmp_path / "good", EVENTS[:1])
    where = f"{bad}:{line}" if line else str(bad)
    for a, b in ((bad, good), (good, bad), (bad, bad)):
        with pytest.raises(InputError) as caught:
            diff_runs(a, b)
        assert str(caught.value) == f"{where}: {words}"


def test_a_line_without_end_is_not_read_into_memory(tmp_path: Path) -> None:
    path = raw(tmp_path, HEAD)
    with path.open("r+b") as stream:
        stream.truncate(1 << 36)  # a sparse file: 64 GiB of zeros behind the header
    with pytest.raises(InputError, match=r"events\.jsonl:2: the line is longer than 16 MiB; this is no event log"):
        diff_runs(path, path)


def test_a_missing_run_and_a_folder_that_is_none(tmp_path: Path) -> None:
    good = run(tmp_path / "good", EVENTS)
    with pytest.raises(InputError, match="none: no such run folder or file"):
        diff_runs(good, tmp_path / "none")
    with pytest.raises(InputError, match=r"not a run: it has no events\.jsonl"):
        diff_runs(tmp_path, good)


def test_a_log_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = run(tmp_path / "good", EVENTS)

    def refuse(*_args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"events\.jsonl: cannot be read \(Permission denied\)"):
        diff_runs(good, good)
