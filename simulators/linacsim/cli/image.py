"""``linacsim image``: test images of an imager from physics, with their ground truth beside them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import fields
from math import isfinite
from pathlib import Path
from typing import Any, cast, get_args

from linacsim.cli.options import seed_of
from linacsim.cli.terminal import say
from linacsim.errors import InputError
from linacsim.kernel.stopwatch import Stopwatch
from linacsim.kernel.units import SECOND
from linacsim.physics.fdk import Grid
from linacsim.physics.geometry import Couch, PatientPosition, Vector
from linacsim.physics.mvbeam import Aperture, square
from linacsim.physics.phantoms import PHANTOMS
from linacsim.physics.presets import (
    CBCT_PRESETS,
    KV_TECHNIQUES,
    MV_TECHNIQUES,
    CbctPreset,
    cbct_preset,
    kv_technique,
    mv_technique,
)
from linacsim.physics.room import DETAILS, Detail, Effects

KINDS = ("kv", "mv", "cbct")
FORMATS = ("dicom", "png", "npy")

_ABOUT = """
Makes images whose truth is known: RT Images of the kV or the MV axis, or a cone-beam CT, of a phantom or of your own CT
series, as DICOM and PNG. A file .truth.json beside each says where everything really is. Everything is drawn from the seed: the
same command makes the same files. Lengths are mm, angles degrees, directions those of IEC 61217.
"""
_SAID = {
    "catphan504": "inserts, line pairs and wires as in a CatPhan 504",
    "catphan604": "the same as in a CatPhan 604",
    "head": "skull, brain, ventricles, sinus, teeth, first vertebra",
    "las-vegas": "aluminium plate with holes of falling width and depth",
    "markers": "four gold seeds in a cube of 100 mm",
    "pelvis": "hips, sacrum, bladder, rectum, prostate with gold seeds",
    "step-wedge": "aluminium stair of eight steps",
    "thorax": "lungs, heart, spine, tumour with markers; what synthetic plans are made on",
    "water": "cylinder of water of 200 mm",
    "winston-lutz": "tungsten ball of 5 mm in a block",
}
"""Phantoms in a few words."""
_EFFECTS = tuple(one.name for one in fields(Effects))
_OWN: dict[str, tuple[tuple[str, ...], str]] = {
    "gantry": (("kv", "mv"), "0"),
    "field": (("mv",), "150"),
    "collimator": (("mv",), "0"),
    "columns": (("cbct",), "384"),
    "slices": (("cbct",), "64"),
    "thickness": (("cbct",), "2.5"),
    "detail": (("cbct",), "fast"),
}
"""Options that not every kind has: which have them, and what they are if nothing is said."""
_ABOVE = "270"
"""The gantry's angle that brings the kV source above the patient."""
_REGION = {"pelvis": "pelvis", "thorax": "thorax"}
_SCANS = {"pelvis": "obi-pelvis", "thorax": "obi-low-dose-thorax"}
"""Presets for what is wider than a head."""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("image", help="make test images of an imager, with their truth", description=_ABOUT)
    parser.add_argument("kind", nargs="?", choices=KINDS, help="kv or mv: a radiograph; cbct: a cone-beam CT")
    parser.add_argument("--phantom", metavar="NAME", help="what lies on the couch (default pelvis); see --list")
    parser.add_argument("--ct", metavar="PATH", help="the folder of a CT series instead")
    parser.add_argument("--isocentre", metavar="X,Y,Z", help="with --ct, in its coordinates (default: its middle)")
    parser.add_argument("--position", default=None, metavar="POSITION", help="HFS (default), HFP, FFS or FFP")
    parser.add_argument(
        "--shift", default="0,0,0", metavar="X,Y,Z[,ROTATION,PITCH,ROLL]", help="where the patient lies wrong by"
    )
    parser.add_argument(
        "--gantry", metavar="A[,A...]", help="angles of the main gantry (kv: 270, mv: 0); a picture for each"
    )
    parser.add_argument("--preset", metavar="NAME", help="technique or preset of a scan; see --list")
    parser.add_argument("--field", metavar="SIDE|X1,X2,Y1,Y2", help="mv: the jaws (default 150)")
    parser.add_argument("--collimator", metavar="A", help="mv: angle of the collimator")
    parser.add_argument("--columns", metavar="N", help="cbct: columns and rows (default 384)")
    parser.add_argument("--slices", metavar="N", help="cbct: slices (default 64)")
    parser.add_argument("--thickness", metavar="N", help="cbct: mm between slices (default 2.5)")
    parser.add_argument("--detail", choices=DETAILS, help="cbct: fast (default), a draft, or all frames and pixels")
    parser.add_argument("--without", default="", metavar="EFFECT,...", help=f"{', '.join(_EFFECTS)} or all")
    parser.add_argument("--seed", default="1", help="the seed of everything that is drawn (default 1)")
    parser.add_argument("--out", default="images", metavar="DIR", help="where the files go (default images)")
    parser.add_argument("--format", default="dicom,png", metavar="FORMAT,...", help=f"of {', '.join(FORMATS)}")
    parser.add_argument("--list", action="store_true", help="list phantoms, techniques and presets")
    parser.set_defaults(command=command)
    # argparse takes a list of numbers that begins with a minus for an option.
    parser._negative_number_matcher = re.compile(r"^-[\d.]")  # noqa: SLF001 - there is no other way to tell it


def command(options: argparse.Namespace) -> int:
    """Make the images that the options name."""
    if options.list:
        say(_listed())
        return 0
    if options.kind is None:
        raise InputError("nothing to make", "linacsim image", f"say {', '.join(KINDS)} or --list")
    _fill(options)
    watch = Stopwatch()
    # What computes is imported late: --help and --list answer at once.
    from linacsim.cli.imaging import Making, body_of, make  # noqa: PLC0415

    making = Making(
        kind=options.kind, out=Path(options.out), seed=seed_of(options.seed), formats=_formats(options.format),
        couch=_couch(options.shift), effects=_effects(options.without), detail=cast("Detail", options.detail),
        gantries=_numbers(options.gantry, "--gantry", "for example 0 or 0,90"),
        preset=_preset(options), field=_field(options.field, options.collimator), grid=_grid(options),
    )  # fmt: skip
    subject = body_of(options.phantom, options.ct, _isocentre(options), _position(options.position))
    for line in make(making, subject):
        say(f"{line}\n")
    say(f"{watch.elapsed() / SECOND:.1f} s, seed {making.seed}\n")
    return 0


def _fill(options: argparse.Namespace) -> None:
    """Put in what was not said, and refuse what this kind of image has not."""
    for name, (kinds, usual) in _OWN.items():
        if getattr(options, name) is None:
            setattr(options, name, _ABOVE if (options.kind, name) == ("kv", "gantry") else usual)
        elif options.kind not in kinds:
            raise InputError(f"{options.kind} has none", f"--{name}", f"use it with {' or '.join(kinds)}")


def _preset(options: argparse.Namespace) -> str:
    """Return the name of the technique or preset; it is looked up here, before anything is computed."""
    name, phantom = options.preset, options.phantom or "pelvis"
    if options.kind == "cbct":
        return cbct_preset(name or _SCANS.get(phantom, "obi-standard-dose-head")).name
    if options.kind == "mv":
        mv_technique(name or "2-mu")
        return name or "2-mu"
    name = name or f"{_REGION.get(phantom, 'head')}-ap"
    kv_technique(name)
    return str(name)


def _grid(options: argparse.Namespace) -> Grid | None:
    if options.kind != "cbct":
        return None
    preset: CbctPreset = cbct_preset(_preset(options))
    columns, slices = (_whole(getattr(options, name), f"--{name}") for name in ("columns", "slices"))
    (thickness,) = _numbers(options.thickness, "--thickness", "for example 2.5", (1,))
    return preset.grid(columns, slices, thickness)


def _field(text: str, collimator: str) -> Aperture:
    values = _numbers(text, "--field", "for example 100 or -40,60,-50,50", (1, 4))
    (angle,) = _numbers(collimator, "--collimator", "for example 30", (1,))
    if len(values) == 1:
        return square(values[0], angle)
    x1, x2, y1, y2 = values
    return Aperture(x1=x1, x2=x2, y1=y1, y2=y2, collimator=angle)


def _couch(text: str) -> Couch:
    values = _numbers(text, "--shift", "for example 3,-2,1 or 3,-2,1,0.5,0,0", (3, 6))
    names = ("x", "y", "z", "rotation", "pitch", "roll")
    return Couch(**dict(zip(names, values, strict=False)))


def _isocentre(options: argparse.Namespace) -> Vector | None:
    if options.isocentre is None:
        return None
    if options.ct is None:
        raise InputError("a phantom has its origin at the isocentre", "--isocentre", "use it with --ct, or --shift")
    x, y, z = _numbers(options.isocentre, "--isocentre", "for example 80,-10,0", (3,))
    return x, y, z


def _position(text: str | None) -> PatientPosition | None:
    if text is not None and text not in get_args(PatientPosition):
        raise InputError(f"{text!r} is no position", "--position", f"use {', '.join(get_args(PatientPosition))}")
    return cast("PatientPosition | None", text)


def _effects(text: str) -> Effects:
    names = [name for name in text.split(",") if name]
    if names == ["all"]:
        return Effects.none()
    for name in names:
        if name not in _EFFECTS:
            raise InputError(f"there is no effect {name!r}", "--without", f"use all, or {', '.join(_EFFECTS)}")
    return Effects(**dict.fromkeys(names, False))


def _formats(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name for name in text.split(",") if name))
    for name in names:
        if name not in FORMATS:
            raise InputError(f"there is no format {name!r}", "--format", f"use {', '.join(FORMATS)}")
    return names


def _whole(text: str, option: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"{text!r} is not a whole number above 0", option, f"give for example {option} 64")
    return int(text)


def _numbers(text: str, option: str, example: str, counts: Sequence[int] = ()) -> tuple[float, ...]:
    """Return the numbers of an option, as many as one of `counts` says."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{text!r} are no numbers", option, f"give {example}") from None
    if not all(isfinite(value) for value in values) or (counts and len(values) not in counts):
        wanted = f"{' or '.join(str(count) for count in counts)} numbers" if counts else "numbers"
        raise InputError(f"{text!r} are not {wanted}", option, f"give {example}")
    return values


def _listed() -> str:
    lines = ["phantoms", *(f"  {name:24}{_SAID.get(name, '')}" for name in PHANTOMS)]
    lines += ["", "kV techniques"]
    lines += [f"  {name:24}{one.kvp:g} kV  {one.ma:g} mA  {one.ms:g} ms" for name, one in KV_TECHNIQUES.items()]
    lines += ["", "MV techniques"]
    lines += [
        f"  {name:24}{one.mu:g} MU  {one.energy:g} MV{' FFF' if one.fff else ''}" for name, one in MV_TECHNIQUES.items()
    ]
    lines += ["", "CBCT presets"]
    lines += [
        f"  {name:24}{one.kvp:g} kV  {one.projections} x {one.ma:g} mA x {one.ms:g} ms = {one.mas:.0f} mAs  "
        f"{one.arc:g} degrees  {one.fan.lower()} fan  {one.field_of_view:.0f} mm"
        for name, one in CBCT_PRESETS.items()
    ]
    return "\n".join([*lines, ""])
