"""Tensors out of a torch.save file of the time before its zip format, without torch."""

import collections
import math
import pickle
import struct
from typing import Any, BinaryIO, NamedTuple

import numpy as np

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001
FLOAT_STORAGE = "torch.FloatStorage"


class _Tensor(NamedTuple):
    storage: str
    offset: int
    shape: tuple[int, ...]


def _rebuild_tensor(storage, offset, shape, strides, *_):
    contiguous = tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
    if tuple(strides) != contiguous or offset < 0 or any(size < 0 for size in shape):
        raise pickle.UnpicklingError(
            f"Got a tensor of shape {shape} with strides {strides} at {offset}; "
            "only contiguous tensors are read."
        )
    return _Tensor(storage, offset, tuple(shape))


class _TensorUnpickler(pickle.Unpickler):
    """Admits ordered dictionaries of float32 tensors; a pickle could name any function to call."""

    ADMITTED = {
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch", "FloatStorage"): FLOAT_STORAGE,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    }

    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) not in self.ADMITTED:
            raise pickle.UnpicklingError(
                f"Got a pickle that names {module_name}.{global_name}, "
                "expected nothing but float32 tensors. It was not run."
            )
        return self.ADMITTED[module_name, global_name]

    def persistent_load(self, pid: Any) -> str:
        kind, storage_type, key, _, _, view = pid
        if kind != "storage" or storage_type != FLOAT_STORAGE or view is not None:
            raise pickle.UnpicklingError(f"Got {pid}, expected a whole storage of float32.")
        return key


def read_tensors(file: BinaryIO) -> dict[str, np.ndarray]:
    """Float32 arrays by name: the state dictionary that torch.save wrote in its legacy format.

    The format is five pickles (magic number, protocol, machine, object, storage keys) and then, for
    each storage, its number of elements as int64 and its bytes. `_TensorUnpickler` reads them all.

    Raises:
      pickle.UnpicklingError: for anything else, without having run any of it.
    """
    try:
        return _read_tensors(file)
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # A broken pickle can raise nearly anything.
        raise pickle.UnpicklingError(f"Got a broken legacy torch file: {error!r}") from error


def _read_tensors(file: BinaryIO) -> dict[str, np.ndarray]:
    header = [_TensorUnpickler(file).load() for _ in range(3)]
    if header[:2] != [MAGIC_NUMBER, PROTOCOL_VERSION] or not header[2]["little_endian"]:
        raise pickle.UnpicklingError(f"Got {header}, expected a little-endian legacy torch file.")
    tensors = _TensorUnpickler(file).load()
    storages = {}
    for key in _TensorUnpickler(file).load():
        (elements,) = struct.unpack("<q", file.read(8))
        storages[key] = np.frombuffer(file.read(4 * elements), "<f4", elements)
    return {name: _array(tensor, storages) for name, tensor in tensors.items()}


def _array(tensor: _Tensor, storages: dict[str, np.ndarray]) -> np.ndarray:
    end = tensor.offset + math.prod(tensor.shape)
    return storages[tensor.storage][tensor.offset : end].reshape(tensor.shape)
