"""Matching of person names: literally, and by fuzzy semantic matching where that has been negotiated (PS3.4 C.2.2.2.1.1).

How names are matched is the archive's to say (PS3.4 C.2.2.2.4): upper and lower case are the same; a key of one component
group matches any group of a name; of a key of several, each matches its own, and an empty one matches everything.

What fuzzy matching adds: names are taken apart into words (at ``^``, spaces, hyphens, commas and full stops), without
accents. Every word of the key has to be met by some word of the same group, in whatever order: by the word itself, by one
that begins with it, by one that its wild cards match, or, from three Latin letters on, by one of the same American Soundex
code. Nothing is ever drawn or learned: the same key and name always give the same answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from linacsim.devices.archive.wildcards import glob, has_wild_card

_BETWEEN_WORDS = re.compile(r"[\^\s,.\-]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_CODES = {
    letter: code for code, letters in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), 1) for letter in letters
}
_SOUNDEX_LEAST = 3
_SOUNDEX_LENGTH = 4


def name_test(wanted: str, *, fuzzy: bool = False) -> Callable[[str], bool]:
    """Return what tells whether a name matches `wanted`."""
    keys = groups(wanted)

    def literally(name: str) -> bool:
        return _by_group(keys, groups(name), glob)

    def somehow(name: str) -> bool:
        return literally(name) or _by_group(keys, groups(name), _alike)

    return somehow if fuzzy else literally


def groups(name: str) -> list[str]:
    """Return the component groups of a name; empty components at the end of one mean nothing (PS3.5 6.2.1)."""
    return [group.strip().rstrip("^").casefold() for group in name.split("=")]


def _by_group(keys: list[str], names: list[str], match: Callable[[str, str], bool]) -> bool:
    if len(keys) == 1:
        return any(match(keys[0], name) for name in names)
    names = names + [""] * (len(keys) - len(names))
    return all(not key or match(key, name) for key, name in zip(keys, names, strict=False))


def _alike(key: str, name: str) -> bool:
    words, met = _words(key), _words(name)
    return bool(words) and all(any(_sounds(word, other) for other in met) for word in words)


def _words(group: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", group)))
    return [word for word in _BETWEEN_WORDS.split(plain) if word]


def _sounds(word: str, other: str) -> bool:
    if has_wild_card(word):
        return glob(word, other)
    return other.startswith(word) or (soundex(word) is not None and soundex(word) == soundex(other))


def soundex(word: str) -> str | None:
    """Return the American Soundex code of a word, ``None`` if it is shorter than three letters or not of ``a`` to ``z``."""
    if len(word) < _SOUNDEX_LEAST or not (word.isascii() and word.isalpha()):
        return None
    code, last = word[0].upper(), _CODES.get(word[0])
    for letter in word[1:]:
        digit = _CODES.get(letter)
        if digit is not None and digit != last:
            code += str(digit)
        # h and w between two letters of the same code do not part them, a vowel does
        if letter not in "hw":
            last = digit
    return code[:_SOUNDEX_LENGTH].ljust(_SOUNDEX_LENGTH, "0")
