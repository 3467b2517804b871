"""Asks a running Orthanc, over its REST interface, to be a client of another application entity.

``python orthanc_client.py HTTP-PORT VERB TITLE HOST PORT [WORD...]``; it prints what Orthanc answers. The exit code is 0 if
Orthanc says that all went well, 1 if it says anything else. If Orthanc itself is not there any more, this
program ends as Orthanc has, by a signal.
"""

# ruff: noqa: T201 - a command prints

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Any

_PATIENCE = 60


class Refused(Exception):
    """Orthanc answers with another HTTP status than 200."""


class Rest:
    """The REST interface of an Orthanc on loopback."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer to a request; JSON is read."""
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)) as connection:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        print(f"{method} {path}: {answer.status} {' '.join(text.split())}", flush=True)
        if answer.status != 200:
            raise Refused(text)
        return json.loads(text) if text.strip() else None


def echo(rest: Rest, title: str, _words: list[str]) -> bool:
    """C-ECHO."""
    rest("POST", f"/modalities/{title}/echo", {})
    return True


def store(rest: Rest, title: str, words: list[str]) -> bool:
    """C-STORE of instances, named by Orthanc's own identifiers."""
    told = rest("POST", f"/modalities/{title}/store", {"Resources": words, "Synchronous": True})
    return bool(told["FailedInstancesCount"] == 0 and told["InstancesCount"] == len(words))


def find(rest: Rest, title: str, words: list[str]) -> bool:
    """C-FIND at the level of studies; a word is KEYWORD=VALUE, and the first one is how many matches are expected."""
    wanted, *keys = words
    query = dict(word.split("=", 1) for word in keys)
    told = rest("POST", f"/modalities/{title}/query", {"Level": "Study", "Query": query})
    return len(rest("GET", f"{told['Path']}/answers")) == int(wanted)


def move(rest: Rest, title: str, words: list[str]) -> bool:
    """C-MOVE of a study to Orthanc itself."""
    rest("POST", f"/modalities/{title}/move", {"Level": "Study", "Resources": [{"StudyInstanceUID": words[0]}]})
    return True


VERBS = {"echo": echo, "store": store, "find": find, "move": move}


def main(arguments: list[str]) -> int:
    """Ask; return the exit code."""
    http, verb, title, host, port, *words = arguments
    rest = Rest(int(http))
    good = False
    try:
        rest("PUT", f"/modalities/{title}", {"AET": title, "Host": host, "Port": int(port)})
        good = VERBS[verb](rest, title, words)
        if not good:
            print("Orthanc says that not all of it went well")
    except Refused:
        pass
    except (OSError, HTTPException) as exc:
        print(f"no answer from Orthanc: {exc!r}")
    try:
        rest("GET", "/statistics")
    except (OSError, HTTPException, Refused) as exc:
        print(f"Orthanc is gone: {exc!r}")
        os.abort()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
