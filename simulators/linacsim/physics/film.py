"""The film of a printer: from pixel values to optical density, and from density to what the eye sees.

The public face of the film; the work is done next door::

    gsdf.py        JND index <-> luminance (PS3.14 section 7.1)
    emulsion.py    pixel values -> optical density (PS3.3 C.11.4, C.13.5)
    layout.py      film sizes, and where the image boxes lie on the sheet (PS3.3 C.13.3)
    magnify.py     fitting an image into its box (PS3.3 C.13.5)
    lettering.py   text as an array
    sheet.py       all of it on one sheet
    lightbox.py    density -> sRGB
"""

from linacsim.physics.emulsion import Film, expose, lin_od_to_density, p_values_to_density
from linacsim.physics.gsdf import JND_MAX, JND_MIN, jnd_index, luminance
from linacsim.physics.layout import FILM_SIZES_MM, Box, FilmSheet, film_size_mm, image_boxes
from linacsim.physics.lettering import draw_text
from linacsim.physics.lightbox import MEDIA, on_light_box
from linacsim.physics.magnify import fitted_size, magnify
from linacsim.physics.sheet import PlacedImage, compose

__all__ = [
    "FILM_SIZES_MM",
    "JND_MAX",
    "JND_MIN",
    "MEDIA",
    "Box",
    "Film",
    "FilmSheet",
    "PlacedImage",
    "compose",
    "draw_text",
    "expose",
    "film_size_mm",
    "fitted_size",
    "image_boxes",
    "jnd_index",
    "lin_od_to_density",
    "luminance",
    "magnify",
    "on_light_box",
    "p_values_to_density",
]
