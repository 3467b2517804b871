"""DICOM objects of an imager, from arrays.

- `subject`: whose pictures they are; `session`: UIDs, moments, the frame of reference of what is acquired.
- `radiograph`: RT Image, kV, MV and portal dose; `curves`: matched markers in it.
- `slices`: CT of a cone-beam scan.
- `points`: structure sets of isocentres and of markers; `matching`: Spatial Registration.

All keep to the standard; `linacsim.objects.export.export` makes them what a vendor's table says.
"""

from linacsim.objects.imaging.curves import curves_of as curves_of
from linacsim.objects.imaging.matching import registration as registration
from linacsim.objects.imaging.points import isocentre_set as isocentre_set
from linacsim.objects.imaging.points import marker_set as marker_set
from linacsim.objects.imaging.radiograph import BeamReference as BeamReference
from linacsim.objects.imaging.radiograph import rt_image as rt_image
from linacsim.objects.imaging.session import Session as Session
from linacsim.objects.imaging.slices import ct_slices as ct_slices
from linacsim.objects.imaging.subject import Subject as Subject
from linacsim.objects.imaging.subject import made_up as made_up
from linacsim.objects.imaging.subject import subject_of as subject_of

__all__ = [
    "BeamReference",
    "Session",
    "Subject",
    "ct_slices",
    "curves_of",
    "isocentre_set",
    "made_up",
    "marker_set",
    "registration",
    "rt_image",
    "subject_of",
]
