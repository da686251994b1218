"""Chromium without a window, driven through the pipe of its DevTools protocol.

https://chromedevtools.github.io/devtools-protocol/: messages are JSON, a zero byte after each; the
browser reads its file descriptor 3 and writes to 4 (`--remote-debugging-pipe`).
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .engine import NoEngine

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 60.0  # that the browser may take for one answer, on a busy machine


class PageError(Exception):
    """What went wrong inside the browser."""


class Page:
    """One tab. `problems` is all that it put on its console, raised, blocked or asked a network."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        # A context of its own: what one tab stores no other finds.
        self._context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call(
            "Target.createTarget", url="about:blank", browserContextId=self._context
        )["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Runtime", "Log", "Page", "Network"):
            self._call(f"{domain}.enable")

    @property
    def problems(self) -> list[str]:
        """Return what was told of this tab so far that should not have been."""
        found = []
        for event in self._browser.events:
            if event.get("sessionId") != self._session:
                continue
            kind, values = event["method"], event["params"]
            if kind == "Runtime.exceptionThrown":
                found.append(values["exceptionDetails"].get("exception", {}).get("description", ""))
            elif kind == "Runtime.consoleAPICalled":
                found.append(f"console.{values['type']}: {values['args']}")
            elif kind == "Log.entryAdded":
                found.append(f"{values['entry']['level']}: {values['entry']['text']}")
            elif kind == "Page.javascriptDialogOpening":
                found.append(f"a dialog: {values['message']}")
            elif kind == "Network.requestWillBeSent":
                url = values["request"]["url"]
                if not url.startswith(("file:", "data:", "about:")):
                    found.append(f"asked for {url}")
        return found

    def open(self, path: Path) -> None:
        """Load a file, and wait until it is drawn."""
        self._call("Page.navigate", url=path.absolute().as_uri())
        self.wait_for("location.protocol === 'file:' && document.readyState === 'complete'")

    def close(self) -> None:
        """Close the tab."""
        self._browser.call("Target.disposeBrowserContext", browserContextId=self._context)

    def size(self, width: int, height: int) -> None:
        """Give the page a size, in CSS pixels."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                   deviceScaleFactor=1, mobile=False)  # fmt: skip

    def prefer(self, **features: str) -> None:
        """Set media features, such as prefers_color_scheme="dark"."""
        self._call(
            "Emulation.setEmulatedMedia",
            features=[
                {"name": name.replace("_", "-"), "value": value} for name, value in features.items()
            ],
        )

    def value(self, expression: str) -> Any:
        """Return what an expression of JavaScript is."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise PageError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + _SECONDS
        while not self.value(expression):
            if time.monotonic() > end:
                raise PageError(f"waited in vain for {expression}")
            time.sleep(0.02)

    def press(self, *keys: str) -> None:
        """Press and release keys by their names: Enter, Escape, ArrowLeft, Tab."""
        codes = {"Enter": 13, "Tab": 9, "Escape": 27, "Backspace": 8, "End": 35, "Home": 36,
                 "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}  # fmt: skip
        for key in keys:
            shared = {"key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
            text = {"text": "\r"} if key == "Enter" else {}
            self._call("Input.dispatchKeyEvent", type="keyDown", **shared, **text)
            self._call("Input.dispatchKeyEvent", type="keyUp", **shared)

    def type(self, text: str) -> None:
        """Type text where the focus is."""
        self._call("Input.insertText", text=text)

    def accessible(self) -> list[dict[str, Any]]:
        """Return the nodes that a screen reader is told of."""
        nodes: list[dict[str, Any]] = self._call("Accessibility.getFullAXTree")["nodes"]
        return [node for node in nodes if not node["ignored"]]

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Write what is seen, or the whole page, as PNG."""
        answer = self._call("Page.captureScreenshot", captureBeyondViewport=whole, **(
            {"clip": self._whole()} if whole else {}))  # fmt: skip
        path.write_bytes(base64.b64decode(answer["data"]))

    def _whole(self) -> dict[str, float]:
        size = self._call("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)


@contextmanager
def running() -> Iterator[Browser]:
    """Yield a browser of one's own, with a profile that is thrown away.

    Raises NoEngine when there is no Chromium.
    """
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise NoEngine(f"there is none of {', '.join(_PROGRAMS)}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, Path(profile))
        try:
            yield browser
        finally:
            browser.close()


class Browser:
    """The browser's process and its two pipes. `events` is all that it told unasked."""

    def __init__(self, program: str, profile: Path) -> None:
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        # Out of the way of 3 and 4, which the shell gives to the browser.
        ends = [fcntl.fcntl(each, fcntl.F_DUPFD, 10) for each in (to_read, to_write)]
        self._log = (profile / "log").open("wb")
        self._process = subprocess.Popen(
            [
                *("bash", "-c", f'exec "$@" 3<&{ends[0]} 4>&{ends[1]}', "bash", program),
                *("--headless", "--remote-debugging-pipe", f"--user-data-dir={profile}"),
                *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update"),
                *("--hide-scrollbars", "--lang=en-US", "about:blank"),
            ],
            pass_fds=ends,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        for end in (to_read, to_write, *ends):
            os.close(end)
        self._buffer = b""
        self._last = 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Return the browser's answer to a call of the protocol."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._send(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive(method)
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise PageError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            if "method" in answer:
                self.events.append(answer)

    def close(self) -> None:
        """End the browser."""
        os.close(self._write)
        os.close(self._read)
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._write, data) :]

    def _receive(self, method: str) -> dict[str, Any]:
        end = time.monotonic() + _SECONDS
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(end - time.monotonic(), 0))
            part = os.read(self._read, 1 << 20) if ready else b""
            if not part:
                self._log.flush()
                said = Path(self._log.name).read_text(errors="replace")[-2000:]
                raise PageError(f"no answer to {method}; the browser said: {said}")
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer
