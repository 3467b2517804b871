"""What an archive lets whom query, and how much: the settings of C-FIND."""

from __future__ import annotations

from pydantic import field_validator
from pydicom.datadict import keyword_for_tag, tag_for_keyword

from linacsim.devices.archive.attributes import LEVEL_OF, Level
from linacsim.devices.archive.matching import is_universal
from linacsim.devices.archive.moments import minutes
from linacsim.devices.archive.negotiation import Negotiates
from linacsim.devices.archive.query import Query
from linacsim.settings import Count, Settings, StatusCode, did_you_mean

OUT_OF_RESOURCES = 0xA700
IDENTIFIER_MISMATCH = 0xA900


class QueryingSettings(Settings):
    """How C-FIND is answered.

    Attributes
    ----------
    negotiates : Negotiates
        What is granted in SOP Class Extended Negotiation.
    timezone : str
        Where the archive is: the Timezone Offset From UTC of objects that do not tell theirs.
    most : int or None
        Matches that one query gets; as many as there are if left out.
    beyond : int
        The final status when there are more (A700: Refused, out of resources; 0000 keeps it quiet). A Repository Query gets
        B001.
    specific : list of str
        Keys of which at least one has to have a value that does not match everything; an empty list lets everything be asked.
        A key that may stand at the level of the query or above counts, and so does the unique key of a level above.
    unspecific : int
        The status for a query without one.
    """

    negotiates: Negotiates = Negotiates()
    timezone: str = "+0000"
    most: Count | None = None
    beyond: StatusCode = OUT_OF_RESOURCES
    specific: tuple[str, ...] = ()
    unspecific: StatusCode = IDENTIFIER_MISMATCH

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, text: str) -> str:
        if minutes(text) is None:
            raise ValueError(f"{text!r} is no Timezone Offset From UTC: write +0100 or -0530")
        return text

    @field_validator("specific")
    @classmethod
    def _are_keys(cls, keywords: tuple[str, ...]) -> tuple[str, ...]:
        known = [keyword_for_tag(tag) for tag in LEVEL_OF]
        for keyword in keywords:
            if keyword not in known:
                raise ValueError(f"{keyword!r} is no key: {did_you_mean(keyword, known, 'keys')}")
        return keywords

    @property
    def zone(self) -> int:
        """The time zone in minutes from Universal Time."""
        return minutes(self.timezone) or 0


def unspecific(query: Query, settings: QueryingSettings) -> int | None:
    """Return the first of the keys of which one should have had a value; ``None`` if one has, or none has to."""
    tags = [tag_for_keyword(keyword) or 0 for keyword in settings.specific]
    told = {int(key.tag) for level in Level for key in query.keys[level] if not is_universal(key)}
    below = [tag for tag in tags if LEVEL_OF[tag].depth > query.level.depth]
    return None if not tags or told & set(tags) or len(below) == len(tags) else tags[0]
