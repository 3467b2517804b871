"""Where the files of a run go, and what stands in their way."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from linacsim.errors import InputError
from linacsim.kernel.log import EventLog
from linacsim.kernel.traffic import Traffic
from linacsim.report import RunFolder, run_file, slug
from linacsim.report.atomic import output_error, replacing

HEADER = {"linacsim": "0.1.0", "scenario": "a film", "clock": "virtual", "seed": 7, "epoch": 0}


def a_log() -> EventLog:
    """Return a log of two events."""
    log = EventLog(lambda: 1500)
    log.add("PRINTER", "sheet-out", sheet=1, film="films/PRINTER-0001.png")
    log.add("bench", "verdict", verdict="pass")
    return log


def some_traffic() -> Traffic:
    """Return the traffic of one opening."""
    traffic = Traffic()
    traffic.add(0, ("10.0.0.1", 50_000), ("10.0.0.2", 104), "SYN")
    return traffic


def write(folder: RunFolder, traffic: Traffic | None = None, **result: Any) -> None:
    """Write a small run."""
    folder.write(HEADER, a_log(), traffic or some_traffic(), {"verdict": "pass", **result}, 1_700_000_000_000_000)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Archive aborts on the third image", "archive-aborts-on-the-third-image"),
        ("  Größe & Café: 8 x 10  ", "grosse-cafe-8-x-10"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c:d*e?\0\n", "a-b-c-d-e"),
    ],
)
def test_a_slug_is_the_title_in_plain_letters(title: str, name: str) -> None:
    assert slug(title) == name


@pytest.mark.parametrize(
    "title",
    [
        "",
        ".",
        "..",
        "/",
        "---",
        "フィルム印刷",
        "🎞",
        "x" * 5000,
        "latest",
        "LATEST",
        "con",
        "com1",
        "\udc80",
        "\0",
        "-",
        "ß",
    ],
)
def test_every_slug_is_a_safe_name(title: str) -> None:
    name = slug(title)
    assert 1 <= len(name) <= 60
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not name.startswith("-")
    assert name not in {"latest", "con", "com1"}
    assert slug(title) == name


def test_titles_that_lose_letters_stay_apart() -> None:
    titles = ["フィルム", "印刷", "x" * 100, "x" * 101, "", "."]
    assert len({slug(title) for title in titles}) == len(titles)


def test_a_run_is_a_folder_of_plain_files(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "runs", "A film", "seed 7")
    assert folder.root == tmp_path / "runs" / "a-film" / "seed-7"
    folder.path("films", "PRINTER-0001.png").write_bytes(b"png")
    write(folder, zeta=1, alpha="ü\udc80", where=Path("x"))
    assert sorted(p.name for p in folder.root.iterdir()) == [
        *("events.jsonl", "films", "junit.xml", "report.html", "result.json", "timeline.txt", "traffic.pcap")
    ]
    header, *events = (folder.root / "events.jsonl").read_text("ascii").splitlines()
    assert json.loads(header) == HEADER
    assert events == list(a_log().lines())
    assert "* PRINTER  sheet-out" in (folder.root / "timeline.txt").read_text("utf-8")
    assert (folder.root / "traffic.pcap").stat().st_size > 24
    text = (folder.root / "result.json").read_text("utf-8")
    assert text == '{\n  "alpha": "ü\\udc80",\n  "verdict": "pass",\n  "where": "x",\n  "zeta": 1\n}\n'
    assert json.loads(text)["alpha"] == "ü\udc80"


def test_latest_names_the_newest_run(tmp_path: Path) -> None:
    for run in ("1", "2"):
        write(RunFolder.create(tmp_path, "a film", run))
    assert (tmp_path / "latest").readlink() == Path("a-film/2")
    assert (tmp_path / "a-film" / "latest").readlink() == Path("2")
    assert run_file(tmp_path / "latest") == tmp_path / "latest" / "events.jsonl"


def test_latest_is_a_line_of_text_where_links_are_impossible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_named: object) -> None:
        raise OSError(errno.EPERM, "no links")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    for run in ("1", "2"):
        write(RunFolder.create(tmp_path, "a film", run))
    assert (tmp_path / "latest").read_text() == "a-film/2\n"
    assert run_file(tmp_path / "latest") == tmp_path / "a-film" / "2" / "events.jsonl"
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("content", ["my notes", "", "two\nlines", "x" * 5000])
def test_a_file_of_the_users_called_latest_stays(tmp_path: Path, content: str) -> None:
    (tmp_path / "latest").write_text(content)
    write(RunFolder.create(tmp_path, "a film", "1"))
    assert (tmp_path / "latest").read_text() == content


def test_a_folder_of_the_users_called_latest_stays(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "thesis.txt").write_text("precious")
    write(RunFolder.create(tmp_path, "a film", "1"))
    assert (tmp_path / "latest" / "thesis.txt").read_text() == "precious"


def test_a_run_never_takes_the_place_of_another(tmp_path: Path) -> None:
    first = RunFolder.create(tmp_path, "a film", "7")
    first.path("mine.txt").write_text("kept")
    names = [RunFolder.create(tmp_path, "a film", "7").root.name for _ in range(2)]
    assert names == ["7-2", "7-3"]
    assert (first.root / "mine.txt").read_text() == "kept"


def test_writing_again_replaces_only_the_files_of_the_run(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "a film", "7")
    folder.path("mine.txt").write_text("kept")
    write(folder)
    write(folder, verdict="fail")
    assert json.loads((folder.root / "result.json").read_text())["verdict"] == "fail"
    assert (folder.root / "mine.txt").read_text() == "kept"


def test_no_capture_without_recording(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "a film", "7")
    write(folder, Traffic(enabled=False))
    assert not (folder.root / "traffic.pcap").exists()


@pytest.mark.parametrize("parts", [(), ("..", "x"), ("films", "../../x"), ("/x",), ("films", "/x"), ("a\0b",)])
def test_a_path_cannot_leave_the_run(tmp_path: Path, parts: tuple[str, ...]) -> None:
    folder = RunFolder.create(tmp_path, "a film", "7")
    with pytest.raises(InputError, match="is no file inside a run's folder"):
        folder.path(*parts)


# What goes wrong


def test_the_output_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(InputError) as caught:
        RunFolder.create(tmp_path / "runs", "a film", "7")
    where = tmp_path / "runs" / "a-film" / "7"
    assert str(caught.value) == (
        f"{where}: a part of the path is a file, not a folder; move it away or choose another output folder"
    )
    assert (tmp_path / "runs").read_text() == "a file"


def test_a_film_would_go_where_a_file_is(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "a film", "7")
    folder.path("films").write_text("")
    with pytest.raises(InputError, match="something else of that name is in the way; move it away"):
        folder.path("films", "x.png")


def test_a_folder_stands_where_a_file_goes(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "a film", "7")
    (folder.root / "timeline.txt").mkdir()
    with pytest.raises(InputError, match=r"timeline\.txt: something else of that name is in the way"):
        write(folder)
    assert not list(folder.root.glob(".*"))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "x: the disk is full; free some space or choose another output folder"),
        (errno.EDQUOT, "x: the disk quota is used up; free some space or choose another output folder"),
        (errno.EACCES, "x: no permission to write here; change the permissions or choose another output folder"),
        (errno.EROFS, "x: the file system is read-only; choose another output folder"),
        (errno.ENAMETOOLONG, "x: the path is too long for the file system; choose a shorter output folder"),
        (errno.EIO, "x: cannot write (Input/output error); choose another output folder"),
    ],
)
def test_the_words_for_what_the_system_says(number: int, words: str) -> None:
    assert str(output_error(OSError(number, os.strerror(number)), Path("x"))) == words


def spoil(target: Path, error: Exception) -> None:
    """Begin to write `target` and fail."""
    with replacing(target) as stream:
        stream.write(b"half")
        raise error


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    target.write_text("old")
    with pytest.raises(InputError, match="the disk is full"):
        spoil(target, OSError(errno.ENOSPC, "full"))
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]
    assert target.read_text() == "old"


def test_another_error_inside_leaves_no_file_either(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        spoil(tmp_path / "x", ZeroDivisionError())
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_the_run_has_gone(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "a film", "7")
    folder.root.rmdir()
    with pytest.raises(InputError, match="the folder is gone; run again or choose another output folder"):
        write(folder)


def test_a_user_names_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such run folder or file; look into the output folder for the name"):
        run_file(tmp_path / "none")
    with pytest.raises(InputError, match=r"not a run: it has no events\.jsonl; name the folder of one run"):
        run_file(tmp_path)
    with pytest.raises(InputError, match=r"cannot be read|no such run folder"):
        run_file(Path("a\0b"))
    with pytest.raises(InputError, match=r"cannot be read|no such run folder"):
        run_file(tmp_path / ("x" * 5000))


def test_a_user_names_a_file_of_a_run(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "a film", "7")
    write(folder)
    assert run_file(folder.root / "events.jsonl") == folder.root / "events.jsonl"
    assert run_file(folder.root, "result.json") == folder.root / "result.json"
