"""Milliseconds of one pass in a browser beside TensorFlow and OpenVINO, and a first visit.

  python -m benchmarks.page

Exports the page, opens it in Chromium (the distribution's, without a window) with one thread and
with several, and paints one picture with each in turn with the other engines. Ratios are medians
over rounds. Then visits the page for the first time: bytes that the server sends and seconds until
the sample is painted, over the loopback interface. Needs playwright. Prints tables in Markdown.
"""

import argparse
import contextlib
import functools
import http.server
import io
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.report import parser_of
from benchmarks.worker import Worker
from restyle.networks import pretrained_names

ENGINES = (("tensorflow", "float32"), ("openvino", "float32"), ("openvino", "bfloat16"))
HEIGHT, WIDTH = 360, 640
SWITCHES = ("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking")
PAINT = """async ([bytes, network]) => {
  const { Painter } = await import("./painter.js");
  const table = await (await fetch("networks.json")).json();
  const painter = new Painter(() => {});
  const engine = await painter.call("start", { table, base: document.baseURI, asked: "wasm" });
  const file = new Blob([Uint8Array.from(bytes)]);
  const weights = table.networks[0].styles.map((_, style) => Number(style === 0));
  const look = { network, dials: { strength: 1, stroke: 0.5, style_weights: weights } };
  window.paintOnce = async () => {
    await painter.call("open", { file, pixels: 1e7 });
    return (await painter.call("paint", look)).seconds;
  };
  return engine;
}"""


def main() -> None:
    flags = _flags()
    with tempfile.TemporaryDirectory() as folder, _site(flags.model, Path(folder)) as site:
        with _chromium() as browser:
            passes = _engine_passes(flags.model, Path(folder)) | _browser_passes(
                browser, site, flags.model
            )
            rounds = [{name: run() for name, run in passes.items()} for _ in range(flags.rounds)]
            _print_passes(rounds)
            _print_first_visits(browser, site, flags.rounds)


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--model", default=pretrained_names()[0], help="a network's name")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Sends files, and counts their bytes."""

    sent = 0

    def copyfile(self, source: Any, outputfile: Any) -> None:
        content = source.read()
        _Handler.sent += len(content)
        outputfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def _site(model: str, folder: Path) -> Iterator[str]:
    """Yields the address of the page with one network."""
    from restyle.networks import load_network
    from restyle.page.export import export_page
    from restyle.page.runtime import runtime_folder

    export_page({model: load_network(model)}, folder / "site", runtime=runtime_folder())
    handler = functools.partial(_Handler, directory=str(folder / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/?engine=wasm"
        server.shutdown()


@contextlib.contextmanager
def _chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if not path:
        raise SystemExit("error: Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        with playwright.chromium.launch(executable_path=path, args=SWITCHES) as browser:
            yield browser


def _photo() -> np.ndarray:
    levels = np.random.default_rng(0).integers(0, 256, (36, 64, 3), dtype=np.uint8)
    large = Image.fromarray(levels).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    return np.asarray(large)


def _engine_passes(model: str, folder: Path) -> dict[str, Callable[[], float]]:
    """Seconds of one pass of each engine, each in a process of its own."""
    from restyle.paint.painter import Painter
    from restyle.paint.stylizer import Look

    inputs = folder / "inputs.npz"
    pixels = _photo()[np.newaxis].astype(np.float32) / 255
    np.savez(inputs, allow_pickle=False, **Look().inputs(pixels, Painter(model).shape))
    workers = {
        " ".join(name): Worker("benchmarks.engines", ["--worker", model, *name, str(inputs)])
        for name in ENGINES
    }
    for worker in workers.values():
        worker.round()  # Which compiles.
    return {name: lambda w=worker: w.round().seconds for name, worker in workers.items()}


def _browser_passes(browser: Any, site: str, model: str) -> dict[str, Callable[[], float]]:
    """The same in the page: with a service worker it may have threads, without it may not."""
    file = io.BytesIO()
    Image.fromarray(_photo()).save(file, "PNG")
    passes = {}
    for workers in ("block", "allow"):
        page = browser.new_context(service_workers=workers).new_page()
        _wait_until_painted(page, site)
        engine = page.evaluate(PAINT, [list(file.getvalue()), model])
        page.evaluate("paintOnce()")
        passes[engine] = lambda page=page: page.evaluate("paintOnce()")
    return passes


def _wait_until_painted(page: Any, site: str) -> None:
    page.set_default_timeout(300_000)
    page.goto(site)
    page.wait_for_selector("#save:not([disabled])")


def _print_passes(rounds: list[dict[str, float]]) -> None:
    print("| engine | ms | of TensorFlow's time |", "| --- | --- | --- |", sep="\n")
    reference = " ".join(ENGINES[0])
    for name in rounds[0]:
        best = min(turn[name] for turn in rounds)
        ratio = statistics.median(turn[name] / turn[reference] for turn in rounds)
        print(f"| {name} | {1000 * best:.0f} | {ratio:.2f} |")


def _print_first_visits(browser: Any, site: str, rounds: int) -> None:
    seconds, sent = [], 0
    for _ in range(rounds):
        context, sent_before, began = browser.new_context(), _Handler.sent, time.perf_counter()
        _wait_until_painted(context.new_page(), site)
        seconds.append(time.perf_counter() - began)
        sent = _Handler.sent - sent_before
        context.close()
    middle = statistics.median(seconds)
    print(f"\nFirst visit: {sent / 1e6:.2f} MB, painted after {middle:.1f} s (median of {rounds}).")


if __name__ == "__main__":
    main()
