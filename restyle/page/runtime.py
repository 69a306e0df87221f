"""onnxruntime-web, which runs networks in browsers: fetched from npm once, and kept.

Of the package only what the page may load: a module, its glue and its WebAssembly for each of
three ways to run. WebAssembly is kept packed, a quarter of its size, and unpacked by the page: not
every host packs what it sends.
"""

import base64
import gzip
import hashlib
import os
import tarfile
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from restyle.errors import UserError
from restyle.models.cache import cache_home

VERSION = "1.30.0"
FOLDER = f"onnxruntime-web-{VERSION}"
ARCHIVE = f"{FOLDER}.tgz"
URL = f"https://registry.npmjs.org/onnxruntime-web/-/{ARCHIVE}"
# npm's own checksum of the archive: `npm view onnxruntime-web@VERSION dist.integrity`.
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
SILENCE_SECONDS = 30.0

# As page/engine.js names them: WebGPU in two forms, and WebAssembly alone.
MODULES = ("ort.jspi.min.mjs", "ort.webgpu.min.mjs", "ort.wasm.min.mjs")
GLUE = tuple(f"ort-wasm-simd-threaded{kind}" for kind in (".jspi", ".asyncify", ""))
PACKED = ".gz"
LICENSE = """onnxruntime-web {version}, https://github.com/microsoft/onnxruntime

MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


def runtime_folder() -> Path:
    """The folder with what the page loads of onnxruntime-web; fetched, 33 MB, if it is not kept.

    restyle/onnxruntime-web-VERSION in $KERAS_HOME, or ~/.keras. The archive may also be put there,
    beside that folder, by hand.

    Raises:
      UserError: it cannot be fetched or kept, or is not the archive that was expected.
    """
    home = cache_home()
    kept = home / FOLDER
    if kept.is_dir():
        return kept
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=home) as work:
            _unpack(_archive(home / ARCHIVE, Path(work) / ARCHIVE), Path(work) / FOLDER)
            if not kept.is_dir():
                os.rename(Path(work) / FOLDER, kept)
    except OSError as error:
        raise UserError(
            f"onnxruntime-web {VERSION}, which the page needs, cannot be fetched or kept: "
            f"{getattr(error, 'reason', None) or error.strerror or error}. Put {URL} into '{home}'."
        ) from error
    return kept


def _archive(by_hand: Path, target: Path) -> Path:
    """The path of the archive, checked: one that lies there already, or else as fetched."""
    if not by_hand.is_file():
        with urllib.request.urlopen(URL, timeout=SILENCE_SECONDS) as answer:
            target.write_bytes(answer.read())
    path = by_hand if by_hand.is_file() else target
    with path.open("rb") as file:
        found = base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
    if found != SHA512:
        raise UserError(f"Got {path.name} with sha512 {found}, expected {SHA512}. Fetch it again.")
    return path


def _unpack(archive: Path, folder: Path) -> None:
    folder.mkdir()
    with tarfile.open(archive) as files:
        for name, target in _members():
            member = files.extractfile(f"package/dist/{name}")
            assert member, name  # The checksum says that it is there.
            data = member.read()
            (folder / target).write_bytes(gzip.compress(data, mtime=0) if name != target else data)
    (folder / "LICENSE").write_text(LICENSE.format(version=VERSION))


def _members() -> Iterator[tuple[str, str]]:
    """The name of each file in the archive, and as it is kept."""
    yield from ((name, name) for name in MODULES)
    for name in GLUE:
        yield f"{name}.mjs", f"{name}.mjs"
        yield f"{name}.wasm", f"{name}.wasm{PACKED}"
