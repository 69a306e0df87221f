"""Chromium as the distribution has it, without a window, and what a visit must be like."""

import contextlib
import shutil

SWITCHES = [
    *("--no-sandbox", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
]


def chromium(playwright, *switches):
    path = shutil.which("chromium")
    assert path, "These tests need Chromium: apt-get install chromium, or deselect -m browser."
    return playwright.chromium.launch(executable_path=path, args=[*SWITCHES, *switches])


@contextlib.contextmanager
def visited(browser, address, query="", *, patience, expected=(), kinds=("error",), **how):
    """Yields the page of a new visitor.

    In the end there must have been no complaints of these kinds but those expected, and no request
    elsewhere. patience: milliseconds until a test gives up. how: of the browser's context.
    """
    context = browser.new_context(accept_downloads=True, **how)
    page = context.new_page()
    page.set_default_timeout(patience)
    complaints, requests = [], []
    page.on("console", lambda said: said.type in kinds and complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    context.on("request", lambda request: requests.append(request.url))
    page.goto(address + query)
    yield page
    context.close()
    assert [each for each in complaints if each not in expected] == []
    assert [url for url in requests if not url.startswith((address, "blob:", "data:"))] == []
