"""The film of a printer: from pixel values to optical density, and from density to what the eye sees.

The public face of the film; the work is done next door::

    gsdf.py          JND index <-> luminance (PS3.14 section 7.1)
    presentation.py  the Presentation LUT (PS3.3 C.11.4)
    emulsion.py      pixel values -> optical density (PS3.3 C.11.4, C.13.5)
    formats.py       Image Display Formats (PS3.3 C.13.3)
    annotations.py   Annotation Display Formats (PS3.3 C.13.3, C.13.7)
    layout.py        film sizes, and where the image boxes lie on the sheet (PS3.3 C.13.3)
    fitting.py       how large an image gets, and what becomes of one that is too large (PS3.3 C.13.5)
    magnify.py       the kernels that resample it (PS3.3 C.13.5)
    lettering.py     text as an array
    strips.py        the label and the annotations
    sheet.py         all of it on one sheet
    lightbox.py      density -> sRGB
"""

from linacsim.physics.annotations import ANNOTATION_FORMATS, Annotation, annotation_places
from linacsim.physics.emulsion import (
    Film,
    colour_curve,
    density_curve,
    expose,
    lin_od_to_density,
    p_values_to_density,
)
from linacsim.physics.fitting import Fitting, Outcome, Wish, fit
from linacsim.physics.formats import SLIDES, box_count, display_format
from linacsim.physics.gsdf import JND_MAX, JND_MIN, jnd_index, luminance
from linacsim.physics.layout import (
    ALL_FILM_SIZES_MM,
    FILM_SIZES_MM,
    Box,
    FilmSheet,
    film_size_mm,
    image_boxes,
)
from linacsim.physics.lettering import draw_text
from linacsim.physics.lightbox import MEDIA, on_light_box, seen
from linacsim.physics.magnify import fitted_size, magnify
from linacsim.physics.presentation import IDENTITY, LIN_OD, PresentationLut
from linacsim.physics.sheet import PlacedImage, compose, fitting, paint

__all__ = [
    "ALL_FILM_SIZES_MM",
    "ANNOTATION_FORMATS",
    "FILM_SIZES_MM",
    "IDENTITY",
    "JND_MAX",
    "JND_MIN",
    "LIN_OD",
    "MEDIA",
    "SLIDES",
    "Annotation",
    "Box",
    "Film",
    "FilmSheet",
    "Fitting",
    "Outcome",
    "PlacedImage",
    "PresentationLut",
    "Wish",
    "annotation_places",
    "box_count",
    "colour_curve",
    "compose",
    "density_curve",
    "display_format",
    "draw_text",
    "expose",
    "film_size_mm",
    "fit",
    "fitted_size",
    "fitting",
    "image_boxes",
    "jnd_index",
    "lin_od_to_density",
    "luminance",
    "magnify",
    "on_light_box",
    "p_values_to_density",
    "paint",
    "seen",
]
