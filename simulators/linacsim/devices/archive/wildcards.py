"""Wild Card Matching (PS3.4 C.2.2.2.4): ``*`` is any run of characters, ``?`` is one."""

from __future__ import annotations

from collections.abc import Callable


def has_wild_card(text: str) -> bool:
    """Tell whether `text` has a wild card."""
    return "*" in text or "?" in text


def glob(pattern: str, text: str) -> bool:
    """Tell whether `text` matches `pattern`.

    It takes at most as many steps as the product of both lengths, whatever a peer has sent.
    """
    at = here = 0
    star, resume = -1, 0
    while here < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, here
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[here]):
            at, here = at + 1, here + 1
        elif star >= 0:
            resume += 1
            at, here = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")


def glob_test(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a text matches `pattern`; the usual forms take the short way."""
    core = pattern.strip("*")
    if not core:
        return (lambda _text: True) if pattern else (lambda text: not text)
    if has_wild_card(core):
        return lambda text: glob(pattern, text)
    if pattern == core:
        return lambda text: text == core
    if not pattern.startswith("*"):
        return lambda text: text.startswith(core)
    if not pattern.endswith("*"):
        return lambda text: text.endswith(core)
    return lambda text: core in text
