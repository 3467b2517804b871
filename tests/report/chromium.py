"""A real headless Chromium for the tests of pages, spoken to through a pipe: no driver, no port, no further package."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 30.0
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # a container has no room for one, and the pages are ours
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_START = """
import fcntl, os, sys
read, write, *command = sys.argv[1:]
write = fcntl.fcntl(int(write), fcntl.F_DUPFD, 10)
os.dup2(int(read), 3)
os.dup2(write, 4)
os.execvp(command[0], command)
"""
"""Starts a program that speaks through the files 3 and 4, as Chromium does."""


class Chromium:
    """One browser with one page.

    Attributes
    ----------
    complaints : list of str
        What the console said and what scripts threw, since the page was opened.
    requests : list of str
        The addresses that the page asked for.
    """

    def __init__(self, program: str, profile: Path) -> None:
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        ends = (str(to_browser), str(from_browser))
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, *ends, program, *_ARGUMENTS, f"--user-data-dir={profile}"],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._heard = b""
        self._ordinal = 0
        self._session = ""
        self._happened: list[str] = []
        self.complaints: list[str] = []
        self.requests: list[str] = []

    def start(self) -> None:
        """Open the page that everything happens in."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        """End the browser."""
        os.close(self._write)
        os.close(self._read)
        self._process.terminate()
        self._process.wait(PATIENCE)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return what the browser answers to a command of its protocol."""
        self._ordinal += 1
        message = {"id": self._ordinal, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._ordinal:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> dict[str, Any]:
        """Return the next message, and remember what it tells."""
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._heard:
            ready, _, _ = select.select([self._read], [], [], max(end - time.monotonic(), 0))
            assert ready, "Chromium does not answer"
            data = os.read(self._read, 1 << 20)
            assert data, "Chromium has ended"
            self._heard += data
        line, _, self._heard = self._heard.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        self._notice(message.get("method", ""), message.get("params", {}))
        return message

    def _notice(self, method: str, told: dict[str, Any]) -> None:
        self._happened.append(method)
        if method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["exceptionDetails"]))
        elif method in ("Log.entryAdded", "Runtime.consoleAPICalled"):
            self.complaints.append(json.dumps(told))
        elif method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])

    def open(self, url: str) -> None:
        """Open a page and wait until it has loaded and been drawn once."""
        # From one place in a page to another nothing would be loaded.
        for address in ("about:blank", url):
            for heard in (self.complaints, self.requests, self._happened):
                heard.clear()
            self.call("Page.navigate", url=address)
            while "Page.loadEventFired" not in self._happened:
                self._next()
        self.settled()

    def settled(self) -> None:
        """Wait until the page has been drawn twice: what a script has put off has happened then."""
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page; of a promise, what it is kept with."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def size(self, width: int, height: int) -> None:
        """Make the window as wide and high as asked, in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )  # fmt: skip

    def scheme(self, name: str) -> None:
        """Let the reader prefer the ``light`` or the ``dark`` scheme."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def press(self, key: str) -> None:
        """Press a key, for example ``t`` or ``Enter``."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)
        self.settled()

    def write(self, selector: str, text: str) -> None:
        """Put a text into a field, as if it were pasted, and wait until the page has acted on it."""
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.run(f"document.querySelector({json.dumps(selector)}).select()")
        self.call("Input.insertText", text=text)
        self.run("new Promise((done) => setTimeout(done, 250))")
        self.settled()

    def click(self, selector: str) -> None:
        """Click on something."""
        self.run(f"document.querySelector({json.dumps(selector)}).click()")
        self.settled()

    def screenshot(self, path: Path) -> None:
        """Write what can be seen as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def pdf(self) -> bytes:
        """Return the page as it would be printed on A4."""
        data = self.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=False)["data"]
        return base64.b64decode(data)


@contextmanager
def chromium(profile: Path) -> Iterator[Chromium]:
    """Yield a browser; the tests are left out where there is none."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium here; install the Debian package chromium to test the pages")
    browser = Chromium(program, profile)
    try:
        browser.start()
        yield browser
    finally:
        browser.close()
