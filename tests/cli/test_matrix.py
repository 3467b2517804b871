"""``linacsim matrix``: a table that fits, data that is complete, a page that needs nothing else, and exit codes."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from linacsim import negotiate
from linacsim.cli import main
from linacsim.conformance.proof import Answer, Seen

ROWS, DOCUMENTED_COLUMNS = 13, 6
VOID = {"meta", "br"}


@pytest.fixture(params=[60, 80, 120])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["matrix", *arguments]) == code
    return capsys.readouterr().out


def test_the_table_and_every_cell_fit_the_terminal(capsys: pytest.CaptureFixture[str], width: int) -> None:
    lines = told(capsys, "--verbose").splitlines()
    assert max(len(line) for line in lines) <= width
    assert sum(line.startswith("  cm-query-retrieve-scu") for line in lines) == {60: 3, 80: 2, 120: 1}[width]


def test_a_cell_of_the_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    lines = told(capsys, "varian-obi", "monaco").splitlines()
    head = next(line.split() for line in lines if re.match(r" +A +B", line))
    rows = {line.split()[0]: dict(zip(head, line.split()[1:], strict=True)) for line in lines if "-scu  " in line}
    assert set(rows) == {"cms-scu", "print-scu", "storage-scu", "find-scu", "move-scu", "echo-scu"}
    assert "  A  varian-obi/storage-scp" in "\n".join(lines)
    assert "  B  monaco/monaco-scp" in "\n".join(lines)
    assert (rows["cms-scu"]["A"], rows["cms-scu"]["B"]) == ("4/9!", "7/9*!")
    assert rows["find-scu"]["A"] == rows["find-scu"]["B"] == "-"


def test_entities_without_a_network_are_named_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys)
    assert "raystation/raystation-file-import: no role in the network is" in out
    assert "varian-obi/media-file-mode: file-export and file-import without a network" in out


def test_one_cell_in_full(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    out = told(capsys, "--cell", "precplan-export", "varian-obi/storage-scp")
    assert out.startswith("preciseplan/precplan-export -> varian-obi/storage-scp   4/9!\n")
    assert "Will not pass: RT Dose Storage, MR Image Storage" in out
    assert "  C-ECHO        will not pass: varian-obi storage-scp does not list it\n" in out
    assert "  to mind       varian-obi storage-scp: takes stores only for objects asked for by the MOVE SCU" in out
    assert "varian-obi storage-scp checks called AE title, calling AE title and caller IP" in out
    assert "Explicit VR Big Endian is none that it supports" in out
    assert "Left out" not in out


def test_the_data_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(told(capsys, "--format", "json"))
    documented = [one["id"] for one in found["acceptors"] if one["system"] != "linacsim"]
    devices = [one["entity"] for one in found["acceptors"] if one["system"] == "linacsim"]
    assert len(found["requestors"]) == ROWS
    assert len(documented) == DOCUMENTED_COLUMNS
    assert {"archive", "printer", "storage", "verification"} <= set(devices)
    assert ROWS + DOCUMENTED_COLUMNS + len(found["left_out"]) == 24
    assert len(found["cells"]) == ROWS * len(found["acceptors"])
    assert (found["executed"], found["differing"]) == (0, 0)
    for cell in found["cells"]:
        assert cell["proposed"] == len(cell["contexts"]) > 0
        assert cell["passing"] == sum(one["result"] == 0 for one in cell["contexts"])
        assert all((one["transfer_syntax"] is None) == (one["result"] != 0) for one in cell["contexts"])
        assert cell["wire"] is None
    assert set(found["cells"][0]) == {
        "requestor", "acceptor", "proposed", "passing", "certain", "sentence", "verification", "contexts",
        "pdu_to_acceptor", "pdu_to_requestor", "associations", "operations", "concerns", "notes", "wire",
    }  # fmt: skip


class _Page(HTMLParser):
    """Collects what a page is made of, and finds tags that do not close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "--format", "html")
    page = _Page()
    page.feed(text)
    page.close()
    assert page.open == []
    links = {value for tag, name, value in page.attributes if tag == "a" and name == "href"}
    assert links == {f"#{value}" for tag, name, value in page.attributes if tag == "details" and name == "id"}
    assert len(links) == text.count("<details")
    assert not [one for one in page.attributes if one[1] in ("src", "srcset") or one[0] in ("link", "iframe", "img")]
    assert "http" not in text
    assert "url(" not in text


def test_texts_of_a_users_table_are_escaped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = system(tmp_path / "acme", title="Acme <script>alert('1')</script> & \"Co\"")
    text = told(capsys, f"{folder}/", "--format", "html")
    assert "<script>alert" not in text
    assert "Acme &lt;script&gt;" in text


def system(folder: Path, title: str = "Acme 1") -> Path:
    """Write a system with one requestor and one acceptor."""
    (folder / "entities").mkdir(parents=True)
    head = {"product": "Acme", "vendor": "Acme", "version": "1", "title": title}
    folder.joinpath("system.toml").write_text("\n".join(f"{key} = {json.dumps(value)}" for key, value in head.items()))
    for role in ("scu", "scp"):
        table = f'id = "{role}"\ntitle = "{role}"\nsection = "1"\nroles = ["{role.upper()}"]\n'
        folder.joinpath("entities", f"{role}.toml").write_text(table)
    rows = ["entity\tname\tabstract-syntax\ttransfer-syntaxes\trole"]
    rows += [
        f"{role}\tCT Image Storage\t1.2.840.10008.5.1.4.1.1.2\t1.2.840.10008.1.2\t{role.upper()}"
        for role in ("scu", "scp")
    ]
    folder.joinpath("contexts.tsv").write_text("\n".join(rows) + "\n")
    return folder


def test_a_folder_of_tables_is_a_system(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    system(tmp_path / "acme")
    out = told(capsys, "./acme", "monaco", "--cell", "acme/scu", "monaco-scp")
    assert out.startswith("acme/scu -> monaco/monaco-scp   1/1*")
    out = told(capsys, "./acme", "--execute")
    assert "Not executed, because the bench has no such device:" in out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nucletron"], "unknown system 'nucletron'"),
        (["./nowhere"], "nowhere: there is no system"),
        (["--cell", "cms-scu", "winscp32"], "no entity 'winscp32' among the acceptors; did you mean 'winscp32-scp'?"),
        (["--cell", "storage-scu", "fr-scp", "monaco", "oncentra"], "no entity 'storage-scu' among the requestors"),
        (["--cell", "cms-scu"], "expected 2 arguments"),
        (["--format", "pdf"], "invalid choice"),
    ],
)
def test_bad_input_is_one_clear_line(capsys: pytest.CaptureFixture[str], arguments: list[str], text: str) -> None:
    try:
        code: Any = main(["matrix", *arguments])
    except SystemExit as exc:
        code = exc.code
    assert code == 3
    said = capsys.readouterr().err
    assert text in said
    assert said.count("\n") == 1


def test_a_difference_on_the_wire_is_marked_told_and_the_exit_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rejected = Seen((Answer("1.2.840.10008.5.1.1.9", ("1.2.840.10008.1.2",), 3),), (16384,), (131072,))
    monkeypatch.setattr(negotiate, "_associations", lambda _requestor, _acceptor: rejected)
    monkeypatch.setenv("COLUMNS", "100")
    arguments = ["monaco", "--execute", "--cell", "print-scu", "printer"]
    difference = "abstract-syntax-not-supported on the wire, predicted acceptance"
    out = told(capsys, *arguments, code=1)
    assert out.startswith("monaco/print-scu -> linacsim/printer   1/1x\n")
    assert difference in " ".join(out.split())
    found = json.loads(told(capsys, *arguments, "--format", "json", code=1))
    assert (found["executed"], found["differing"]) == (1, 1)
    assert difference in found["cells"][0]["wire"]["differences"][0]
    page = told(capsys, *arguments, "--format", "html", code=1)
    assert 'class="differs"' in page
    assert difference in page
