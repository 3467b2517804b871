"""Radiographs against computed ones: the computed ones are made again until they look the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Couch, Gaze, Panel

Render = Callable[[Couch, Gaze], Array]
"""Makes the picture, mm of water, of the patient on a displaced couch."""

Valid = Callable[[Couch, Gaze], NDArray[np.bool_]]
"""Tells which pixels of such a picture show the whole patient: not where the planning CT ends."""

FREEDOMS = ("x", "y", "z", "rotation", "pitch", "roll")

_STEP = np.array([0.5, 0.5, 0.5, 0.3, 0.3, 0.3])
"""By how much a degree of freedom is changed to see what it does, mm and degrees."""
_ROUNDS = 12
_ENOUGH = 0.01
"""mm and degrees: a change that ends the search."""
_ANEW = 0.25
"""mm and degrees: after a change beyond this it is asked again what the freedoms do."""
_LEVELS = ((6.0, 2.4), (2.5, 1.2))
"""Blur and size of pixels of each level, mm at the panel: finer pixels add time and noise, not accuracy."""
_FEWEST = 200
"""Pixels without which there is nothing to match."""
_FIRST_BLUR = 4.8
"""mm at the panel, of the pictures that are correlated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a match found.

    Attributes
    ----------
    couch : Couch
        The patient's displacement.
    residual : float
        What does not fit: of pictures and volumes as a part of their contrast, of points in mm.
    rounds : int
        How many it took.
    """

    couch: Couch
    residual: float
    rounds: int = 1


def in_plane(gaze: Gaze) -> Array:
    """Return the two displacements that a single picture shows, shape (2, 6): along its Xg and Yg."""
    freedoms = np.zeros((2, 6))
    freedoms[:, :3] = gaze.axes[:2]
    return freedoms


def match_images(
    images: Sequence[Array],
    gazes: Sequence[Gaze],
    render: Render,
    *,
    freedoms: Array | None = None,
    reach: float = 30.0,
    weights: Sequence[Array] | None = None,
    valid: Valid | None = None,
    finest: float = 0.0,
) -> Match:
    """Return the patient's displacement that explains the pictures.

    Parameters
    ----------
    images : sequence of numpy.ndarray, shape (rows, columns)
        Line integrals in mm of water; one (2D) or more (2D/2D).
    gazes : sequence of Gaze
        How they were taken, as far as it is known.
    render : callable
        Makes the picture of a displaced patient.
    freedoms : numpy.ndarray, shape (k, 6), optional
        The displacements to look for, as mixtures of `FREEDOMS` in mm and degrees; by default the picture's own plane for
        one picture, the three shifts for more.
    reach : float
        How far at most the patient is displaced, mm at the isocentre.
    weights : sequence of numpy.ndarray, shape (rows, columns), optional
        How much each pixel counts, from 0 to 1: nothing where a jaw is, little far from the target.
    valid : callable, optional
        Which pixels of what is rendered can be compared; by default all.
    finest : float
        Details smaller than this are not compared, mm at the panel: those of a planning CT are made of voxels.

    Returns
    -------
    Match

    Raises
    ------
    InputError
        If there is no picture, or nothing in them to match on.
    """
    if not images or len(images) != len(gazes):
        raise InputError(f"{len(images)} pictures and {len(gazes)} gazes", "match", "give one gaze for each picture")
    if freedoms is None:
        freedoms = in_plane(gazes[0]) if len(images) == 1 else np.eye(6)[:3]
    counts = list(weights) if weights else [np.ones(one.shape) for one in images]
    state, residual, rounds = np.zeros(len(freedoms)), 1.0, 0
    for level, (blur, pixel) in enumerate(dict.fromkeys((max(blur, finest), pixel) for blur, pixel in _LEVELS)):
        if level and blur <= finest:
            break
        views = [_view(*one, pixel, floored=valid is None) for one in zip(images, gazes, counts, strict=True)]
        if level == 0:
            state = _first_guess(views, render, freedoms, reach)
        here = [valid(_couch(state @ freedoms), one.gaze) for one in views] if valid else None
        views = [replace(one, whole=part) for one, part in zip(views, here, strict=True)] if here else views
        state, residual, more = _refined(views, render, freedoms, state, blur)
        rounds += more
    return Match(couch=_couch(state @ freedoms), residual=residual, rounds=rounds)


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """A picture on the pixels that one level of the search looks at."""

    image: Array
    gaze: Gaze
    count: Array
    floor: float
    whole: NDArray[np.bool_] | None = None

    def alike(self, render: Render, couch: Couch) -> Array:
        """Return what it should look like. Beside the patient the panel saturates: there it says no less than its least."""
        return np.maximum(render(couch, self.gaze), self.floor)


def _view(image: Array, gaze: Gaze, count: Array, finest: float, *, floored: bool) -> _View:
    by = max(int(finest / gaze.panel.pitch), 1)
    small = _shrunk(image, by)
    floor = float(np.percentile(small, 2)) if floored else -np.inf
    return _View(np.maximum(small, floor), _coarser(gaze, by), _shrunk(count, by), floor)


def clear_of(closed: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """Return which pixels, shape (rows, columns), are `by` pixels and more away from closed ones."""
    from scipy.ndimage import uniform_filter

    near = uniform_filter(closed.astype(np.float32), 2 * by + 1, mode="nearest")
    return np.asarray(near < 1e-6)


def likeness(image: Array, gaze: Gaze, render: Render, weight: Array, reach: float = 30.0) -> float:
    """Return how well what is rendered resembles a picture once it is shifted: the peak of their correlation, up to 1."""
    view = _view(image, gaze, weight, _LEVELS[0][1], floored=False)
    pixels = _FIRST_BLUR / view.gaze.panel.pitch
    seen, wanted = (_detailed(one, pixels) * view.count for one in (view.image, render(Couch(), view.gaze)))
    size = float(np.linalg.norm(seen) * np.linalg.norm(wanted))
    if not size > 0:
        return 0.0
    peak = _peaks(seen, wanted, reach * gaze.sid / gaze.sad / view.gaze.panel.pitch)
    return float(peak.max()) / size


def _couch(values: Array) -> Couch:
    return Couch(**dict(zip(FREEDOMS, (float(value) for value in values), strict=True)))


def _shrunk(image: Array, by: int) -> Array:
    rows, columns = (count // by * by for count in image.shape)
    part = image[:rows, :columns].reshape(rows // by, by, columns // by, by)
    return np.asarray(part.mean(axis=(1, 3)), dtype=np.float64)


def _coarser(gaze: Gaze, by: int) -> Gaze:
    """Return the gaze on pixels of `by` by `by`; what does not fill a pixel is cut at the right and below."""
    panel = gaze.panel
    rows, columns = panel.rows // by, panel.columns // by
    x = panel.x - (panel.columns - columns * by) * panel.pitch / 2
    y = panel.y + (panel.rows - rows * by) * panel.pitch / 2
    return replace(gaze, panel=Panel(rows=rows, columns=columns, pitch=panel.pitch * by, x=x, y=y))


def _first_guess(views: list[_View], render: Render, freedoms: Array, reach: float) -> Array:
    """Return the amounts of the freedoms that the peaks of the pictures' correlations ask for."""
    left, right = [], []
    for view in views:
        gaze, pixels = view.gaze, _FIRST_BLUR / view.gaze.panel.pitch
        seen, wanted = (_detailed(one, pixels) * view.count for one in (view.image, view.alike(render, Couch())))
        shift = _correlated(seen, wanted, reach * gaze.sid / gaze.sad / gaze.panel.pitch)
        left.append(gaze.axes[:2] @ freedoms[:, :3].T)
        right.append(np.array([shift[1], -shift[0]]) * gaze.panel.pitch * gaze.sad / gaze.sid)
    moving = np.any(freedoms[:, :3] != 0, axis=1)
    state = np.zeros(len(freedoms))
    if moving.any():
        state[moving] = np.linalg.lstsq(np.vstack(left)[:, moving], np.concatenate(right), rcond=None)[0]
    return state


def _detailed(image: Array, pixels: float) -> Array:
    """Return what is left of a picture without its slow changes, and without its noise."""
    from scipy.ndimage import gaussian_filter

    fine = gaussian_filter(image, pixels / 4, mode="nearest")
    return np.asarray(fine - gaussian_filter(image, 3 * pixels, mode="nearest"))


class _Detail:
    """The same of a part of a picture, whatever is beside it."""

    def __init__(self, pixels: float, whole: NDArray[np.bool_] | None) -> None:
        from scipy.ndimage import gaussian_filter

        self.pixels, self.part = pixels, None
        if whole is not None and not whole.all():
            self.part = whole.astype(np.float64)
            self.fine, self.slow = (
                np.maximum(gaussian_filter(self.part, width, mode="nearest"), 1e-3)
                for width in (pixels / 4, 3 * pixels)
            )

    def __call__(self, image: Array) -> Array:
        if self.part is None:
            return _detailed(image, self.pixels)
        from scipy.ndimage import gaussian_filter

        # About its middle, so that where there is almost nothing of the part almost nothing is found.
        own = (image - image[self.part > 0].mean() if self.part.any() else image) * self.part
        fine = gaussian_filter(own, self.pixels / 4, mode="nearest") / self.fine
        return np.asarray((fine - gaussian_filter(own, 3 * self.pixels, mode="nearest") / self.slow) * self.part)


def _trusted(image: Array) -> Array:
    """Return how much each pixel counts: little where the picture is noisy, behind thick parts of the patient."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.square(image - gaussian_filter(image, 1.0)), 6.0)
    return np.asarray(1.0 / np.sqrt(noise + 0.5 * np.median(noise) + 1e-12))


def _correlated(image: Array, reference: Array, reach: float) -> tuple[int, int]:
    """Return by how many rows and columns an image is displaced from a reference, at most `reach`."""
    if not np.std(image) > 0 or not np.std(reference) > 0:
        raise InputError("a picture without contrast", "match", "take it with the patient in the field")
    window = np.hanning(image.shape[0])[:, None] * np.hanning(image.shape[1])
    peak = _peaks(image * window, reference * window, reach)
    row, column = np.unravel_index(int(np.argmax(peak)), peak.shape)
    rows, columns = peak.shape
    return int((row + rows // 2) % rows - rows // 2), int((column + columns // 2) % columns - columns // 2)


def _peaks(image: Array, reference: Array, reach: float) -> Array:
    """Return the correlation by displacement, from 0 on and around; nothing beyond `reach` pixels."""
    from scipy.fft import irfft2, next_fast_len, rfft2

    shape = [next_fast_len(2 * count, real=True) for count in image.shape]
    peak = np.asarray(irfft2(rfft2(image, s=shape) * np.conj(rfft2(reference, s=shape)), s=shape))
    rows, columns = (np.minimum(np.arange(count), count - np.arange(count)) for count in shape)
    peak[np.hypot(rows[:, None], columns) > reach] = -np.inf
    return peak


def _refined(
    views: list[_View], render: Render, freedoms: Array, state: Array, blur: float
) -> tuple[Array, float, int]:
    """Return better amounts, the residual and the number of rounds: Gauss and Newton on the rendered pictures."""
    sights = [_Sight(one, render, freedoms, blur) for one in views]
    residual, change = 1.0, np.full(len(state), np.inf)
    for done in range(1, _ROUNDS + 1):
        normal, gradient, rest, whole = np.zeros((len(state),) * 2), np.zeros(len(state)), 0.0, 0.0
        # After a small change the pictures still answer to the freedoms as they did before it.
        anew = bool(np.abs(change @ freedoms).max() > _ANEW) if done > 1 else True
        for sight in sights:
            error, changes = sight.compared(state, anew=anew)
            # What one of the pictures lacks (a marker, an edge of saturation) must not pull at the rest.
            usual = 2.0 * float(np.median(np.abs(error[sight.looked_at])))
            calm = np.minimum(1.0, usual / np.maximum(np.abs(error), 1e-12))
            normal += (changes * calm) @ changes.T
            gradient += (changes * calm) @ error
            rest, whole = rest + float(error @ error), whole + float(sight.wanted @ sight.wanted)
        if not np.linalg.cond(normal) < 1e10:
            raise InputError("nothing in the pictures tells the displacement", "match", "use other angles or freedoms")
        change = np.linalg.solve(normal, gradient)
        state, residual = state + change, float(np.sqrt(rest / max(whole, 1e-12)))
        if np.abs(change @ freedoms).max() < _ENOUGH:
            return state, residual, done
    return state, residual, _ROUNDS


class _Sight:
    """A picture, and how the rendered one differs from it."""

    def __init__(self, view: _View, render: Render, freedoms: Array, blur: float) -> None:
        self.view, self.render, self.freedoms = view, render, freedoms
        self.detail = _Detail(blur / view.gaze.panel.pitch, view.whole)
        count = view.count if view.whole is None else view.count * view.whole
        self.trust = (_trusted(view.image) * count).ravel()
        self.looked_at = self.trust > 0.1 * self.trust.max()
        if self.looked_at.sum() < _FEWEST:
            what = "what is planned and what is pictured hardly overlap"
            raise InputError(what, "match", "take the picture where the reference was made for")
        self.wanted = self.detail(view.image).ravel() * self.trust
        self.steps = np.diag([1.0 / np.abs(row / _STEP).max() for row in freedoms])
        self.changes = np.zeros((len(freedoms), self.wanted.size))

    def picture(self, amounts: Array) -> Array:
        """Return the details that the picture of a displaced patient has."""
        shown = self.view.alike(self.render, _couch(amounts @ self.freedoms))
        return self.detail(shown).ravel() * self.trust

    def compared(self, state: Array, *, anew: bool) -> tuple[Array, Array]:
        """Return what the rendered picture lacks, and what each freedom would change of it."""
        now = self.picture(state)
        if anew:
            self.changes = np.stack([(self.picture(state + step) - now) / step.sum() for step in self.steps])
        # Scatter and hardening that are left change contrast and brightness: those are fitted along.
        free = np.vstack([now, self.trust])
        fit = np.linalg.lstsq(free.T, self.wanted, rcond=None)[0]
        basis = np.linalg.qr(free.T)[0]
        return self.wanted - fit @ free, fit[0] * (self.changes - (self.changes @ basis) @ basis.T)
