"""What L-BFGS remembers: how the image moved and how the gradient turned, the last times.

A pair has a number, counted from the first of its scale, and never changes. In memory it takes 24
bytes for each pixel, 12 in bfloat16; in files none.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import tensorflow as tf

from restyle.errors import UserError
from restyle.files import written_beside

KINDS = ("move", "turn")
Arrays = tuple[np.ndarray, np.ndarray]


class Pairs(Protocol):
    """The last `history` pairs. A move and a turn are vectors, (n,) float32 for L-BFGS.

    Attributes:
      dtype: in which they are kept.
    """

    history: int
    dtype: tf.DType

    def put(self, number: tf.Tensor, move: tf.Tensor, turn: tf.Tensor) -> None: ...

    def move(self, number: tf.Tensor) -> tf.Tensor: ...

    def turn(self, number: tf.Tensor) -> tf.Tensor: ...

    def arrays(self, number: int) -> Arrays:
        """A pair as numpy can save it, in the bits in which it is kept."""
        ...

    def restore(self, number: int, arrays: Arrays) -> None: ...

    def free(self) -> None: ...


class PairsInMemory:
    """Pairs in the memory of the device."""

    def __init__(self, history: int, length: int, dtype: str = "float32"):
        """length: of a vector. dtype: float32 or bfloat16."""
        self.history, self.length, self.dtype = history, length, tf.as_dtype(dtype)
        # Of no fixed length, so that `free` can make them empty.
        self.moves, self.turns = (
            tf.Variable(tf.zeros((history, length), dtype), shape=(history, None)) for _ in KINDS
        )

    def put(self, number: tf.Tensor, move: tf.Tensor, turn: tf.Tensor) -> None:
        row = tf.math.floormod(number, self.history)
        self.moves.scatter_update(tf.IndexedSlices(tf.cast(move, self.dtype), row))
        self.turns.scatter_update(tf.IndexedSlices(tf.cast(turn, self.dtype), row))

    def move(self, number: tf.Tensor) -> tf.Tensor:
        return self._read(self.moves, number)

    def turn(self, number: tf.Tensor) -> tf.Tensor:
        return self._read(self.turns, number)

    def arrays(self, number: int) -> Arrays:
        row = number % self.history
        return _bits(self.moves.sparse_read(row)), _bits(self.turns.sparse_read(row))

    def restore(self, number: int, arrays: Arrays) -> None:
        self.put(tf.constant(number), *(_values(each, self.dtype) for each in arrays))

    def free(self) -> None:
        for vectors in (self.moves, self.turns):
            vectors.assign(tf.zeros((self.history, 0), self.dtype))

    def _read(self, vectors: tf.Variable, number: tf.Tensor) -> tf.Tensor:
        vector = vectors.sparse_read(tf.math.floormod(number, self.history))
        return tf.cast(tf.ensure_shape(vector, [self.length]), tf.float32)


class PairsInFiles:
    """Pairs in bfloat16, in files that a saved state may need too."""

    def __init__(self, history: int, length: int, files: "PairFiles"):
        self.history, self.length, self.dtype = history, length, tf.bfloat16
        self.files = files

    def put(self, number: tf.Tensor, move: tf.Tensor, turn: tf.Tensor) -> None:
        bits = [tf.bitcast(tf.cast(each, self.dtype), tf.uint16) for each in (move, turn)]
        tf.numpy_function(self._write, [number, *bits], [])

    def move(self, number: tf.Tensor) -> tf.Tensor:
        return self._get("move", number)

    def turn(self, number: tf.Tensor) -> tf.Tensor:
        return self._get("turn", number)

    def arrays(self, number: int) -> Arrays:
        return self.files.read(number)

    def restore(self, number: int, arrays: Arrays) -> None:
        if not self.files.has(number):
            self.files.write(number, arrays)

    def free(self) -> None:
        pass

    def _get(self, kind: str, number: tf.Tensor) -> tf.Tensor:
        bits = tf.numpy_function(lambda n: self.files.read_one(kind, int(n)), [number], tf.uint16)
        bits.set_shape([self.length])
        return tf.cast(tf.bitcast(bits, self.dtype), tf.float32)

    def _write(self, number: np.ndarray, move: np.ndarray, turn: np.ndarray) -> None:
        self.files.write(int(number), (move, turn))
        # The state that was saved before this pair was, and the one before that, may need more.
        self.files.forget_before(int(number) - self.history - 1)


class PairFiles:
    """The pairs of one scale as files of a folder that lies among those of other scales.

    Attributes:
      failure: why a file could not be written or read.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.failure: UserError | None = None

    @contextlib.contextmanager
    def failing_plainly(self) -> Iterator[None]:
        """Raises what failed here as it was, where a graph that ran it wraps it in its own."""
        try:
            yield
        except tf.errors.OpError as error:
            raise (self.failure or error) from None

    def read(self, number: int) -> Arrays:
        return self.read_one("move", number), self.read_one("turn", number)

    def read_one(self, kind: str, number: int) -> np.ndarray:
        path = self._path(kind, number)
        try:
            return np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            self.failure = UserError(
                f"'{path}', which the state of this run needs, is missing or broken "
                f"({type(error).__name__}). Start a new run from the last preview (--init)."
            )
            raise self.failure from error

    def has(self, number: int) -> bool:
        return all(self._path(kind, number).exists() for kind in KINDS)

    def write(self, number: int, arrays: Arrays) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for kind, array in zip(KINDS, arrays, strict=True):
                with written_beside(self._path(kind, number)) as file:
                    _save(file, array)
        except (OSError, UserError) as error:
            self.failure = UserError(
                f"There is no room for what L-BFGS remembers: {error} Free some space there (a run "
                "with --run_dir can then be resumed), or start again with a larger --memory_gb, "
                "or with a --run_dir on another disk."
            )
            raise self.failure from error

    def save(self, pairs: Pairs, numbers: range) -> None:
        """Writes those that are not here yet, and deletes what no state needs any more.

        Two states may be needed, this one and the one before, which is of the scale before if this
        scale has just begun.
        """
        for number in numbers:
            if not self.has(number):
                self.write(number, pairs.arrays(number))
        self.forget_before(numbers.stop - pairs.history - 1)
        if numbers.stop > 2:
            for other in self.folder.parent.iterdir():
                if other != self.folder:
                    shutil.rmtree(other)

    def forget_before(self, number: int) -> None:
        """Deletes the pairs of lower numbers."""
        self._forget(lambda each: each < number)

    def forget_from(self, number: int) -> None:
        """Deletes those that were made after a state was saved: they will be made again."""
        self._forget(lambda each: each >= number)

    def _forget(self, which: Callable[[int], bool]) -> None:
        for path in self.folder.glob("*_*.npy"):
            if which(int(path.stem.split("_")[1])):
                path.unlink()

    def _path(self, kind: str, number: int) -> Path:
        return self.folder / f"{kind}_{number:05d}.npy"


def _bits(vector: tf.Tensor) -> np.ndarray:
    """A vector as numpy can save it: bfloat16 as the whole numbers of the same bits."""
    return (tf.bitcast(vector, tf.uint16) if vector.dtype == tf.bfloat16 else vector).numpy()


def _save(file: BinaryIO, array: np.ndarray) -> None:
    """As np.save, which of a full disk would only say how many numbers it took."""
    header = np.lib.format.header_data_from_array_1_0(array)
    np.lib.format.write_array_header_1_0(file, header)
    file.write(np.ascontiguousarray(array).data)


def _values(bits: np.ndarray, dtype: tf.DType) -> tf.Tensor:
    return tf.bitcast(bits, tf.bfloat16) if dtype == tf.bfloat16 else tf.constant(bits)
