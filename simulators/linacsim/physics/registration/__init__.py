"""Matching, computed from pictures: how far the patient is from where the plan wants him.

::

    planar.py     one or more radiographs against what they should look like (2D, 2D/2D)
    reference.py  what they should look like: flat reference pictures, or pictures computed from the planning CT
    markers.py    gold seeds and balls in radiographs or volumes against where they should be
    seeds.py      the same in radiographs, to a hundredth of a pixel
    volumes.py    a cone-beam CT against the planning CT (3D/3D)

Each returns the displacement of the patient as a `Couch`: what was put in comes out. Moving the couch back is the inverse
of its pose.
"""

from linacsim.physics.registration.markers import (
    find_in_image,
    find_in_volume,
    fit_rigid,
    match_markers,
    match_points,
)
from linacsim.physics.registration.planar import Match, in_plane, match_images
from linacsim.physics.registration.volumes import match_volumes

__all__ = [
    "Match",
    "find_in_image",
    "find_in_volume",
    "fit_rigid",
    "in_plane",
    "match_images",
    "match_markers",
    "match_points",
    "match_volumes",
]
