"""A network as the page runs it: one ONNX file of half-precision weights, and a table of them.

Written layer by layer, and not by Keras' own export, whose instance norm is nine passes over an
activation where ONNX has one operation. Padding to a multiple of 4, cropping and the dial are left
to the page (page/network.js), which needs them for pictures in bands too.
"""

import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper, version_converter

from restyle.engines.conversion import write_onnx
from restyle.errors import UserError
from restyle.models.transform_net import TransformNet

PHOTO, CONDITION, PAINTED = "photo", "condition", "painted"
OPSET, IR_VERSION = 17, 9  # Known to every onnxruntime-web since 2023.
LEFT_TO_THE_PAGE = ("PadToMultiple", "CropToInput", "StrengthDial")

Layer = Any


def page_network(network: TransformNet) -> onnx.ModelProto:
    """The network in ONNX.

    Input: "photo" (1, 3, h, w), h and w multiples of 4, at least 8; and each input of the network
    but its images. Output: "painted" (1, 3, h, w), what the dial has not seen yet; and, if the
    network has one, "condition" (1, conditions), which its norms blend by.

    Raises:
      UserError: it has a layer that is not known here.
    """
    body = _model(_Graph(network))
    if not _steering(network):
        return body
    return compose.merge_models(
        _condition(network), body, io_map=[(CONDITION, CONDITION)], outputs=[PAINTED, CONDITION]
    )


def weight_table(file: bytes) -> dict[str, dict[str, Any]]:
    """Where each weight lies in a file of `page_network`: its offset in bytes, and its shape.

    float16 numbers in the order of Keras' names: "in_conv/kernel" is (out, in, rows, columns).
    """
    table = {}
    for each in onnx.load_from_string(file).graph.initializer:
        name, half, _ = each.name.partition(_HALF)
        if half:
            table[name] = {"offset": file.index(each.raw_data), "shape": list(each.dims)}
    return table


def convolution(stride: int) -> onnx.ModelProto:
    """One convolution without padding whose weights are inputs: what a picture in bands needs."""
    node = helper.make_node(
        "Conv", ["values", "kernel", "bias"], ["convolved"], strides=[stride, stride]
    )
    inputs = [
        _value("values", [1, "in", "rows", "columns"]),
        _value("kernel", ["out", "in", "kernel_rows", "kernel_columns"]),
        _value("bias", ["out"]),
    ]
    output = _value("convolved", [1, "out", "rows_left", "columns_left"])
    return _whole(helper.make_graph([node], "convolution", inputs, [output]))


_HALF = ":float16"


class _Graph:
    """The nodes of a network, layer by layer, under the layers' own names."""

    def __init__(self, network: TransformNet):
        self.nodes, self.weights = [], []
        self.values: dict[int, str] = {}  # By the identity of Keras' symbolic tensors.
        for layer in network.layers:
            self._add(layer)
        self.nodes.append(helper.make_node("Identity", [self._last(network)], [PAINTED]))

    def _add(self, layer: Layer) -> None:
        kind = type(layer).__name__
        if kind == "InputLayer":
            self.values[id(layer.output)] = PHOTO
        elif kind == "Condition":
            self.values[id(layer.output)] = CONDITION
        elif kind in LEFT_TO_THE_PAGE:
            values = layer.input if kind == "PadToMultiple" else layer.input[kind == "StrengthDial"]
            self.values[id(layer.output)] = self.values[id(values)]
        elif kind in _WRITERS:
            given = layer.input if isinstance(layer.input, (list, tuple)) else [layer.input]
            _WRITERS[kind](self, layer, [self.values[id(each)] for each in given])
            self.values[id(layer.output)] = layer.name
        else:
            raise UserError(
                f"The page cannot paint with the layer '{layer.name}' ({kind}). Add it to "
                "restyle/page/network.py and page/bands.js."
            )

    def _last(self, network: TransformNet) -> str:
        return self.values[id(network.outputs[0])]

    def node(self, kind: str, inputs: Iterable[str], output: str, **attributes) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, name: str, values: Any) -> str:
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def weight(self, name: str, values: np.ndarray) -> str:
        """Stored in half precision, as in a .keras file; computed with in float32."""
        self.constant(name + _HALF, np.ascontiguousarray(values, np.float16))
        return self.node("Cast", [name + _HALF], name, to=TensorProto.FLOAT)


def _pad(graph: _Graph, layer: Layer, given: list[str]) -> None:
    edges = [0, 0, layer.padding, layer.padding] * 2
    edges = graph.constant(f"{layer.name}/edges", np.array(edges, np.int64))
    graph.node("Pad", [*given, edges], layer.name, mode="reflect")


def _convolve(graph: _Graph, layer: Layer, given: list[str]) -> None:
    kernel, bias = layer.get_weights()
    kernel = graph.weight(f"{layer.name}/kernel", kernel.transpose(3, 2, 0, 1))
    bias = graph.weight(f"{layer.name}/bias", bias)
    graph.node("Conv", [*given, kernel, bias], layer.name, strides=list(layer.strides))


def _norm(graph: _Graph, layer: Layer, given: list[str]) -> None:
    gamma, beta = (
        graph.weight(f"{layer.name}/{name}", values)
        for name, values in zip(("gamma", "beta"), layer.get_weights(), strict=True)
    )
    if len(given) > 1:
        values, condition = given
        channels = graph.constant(f"{layer.name}/channels", np.array([-1], np.int64))
        gamma, beta = (
            graph.node(
                "Reshape",
                [graph.node("MatMul", [condition, each], f"{each}_blended"), channels],
                f"{each}_of_one",
            )
            for each in (gamma, beta)
        )
        given = [values]
    inputs = [*given, gamma, beta]
    graph.node("InstanceNormalization", inputs, layer.name, epsilon=layer.epsilon)


def _enlarge(graph: _Graph, layer: Layer, given: list[str]) -> None:
    twice = graph.constant(f"{layer.name}/factors", np.array([1, 1, 2, 2], np.float32))
    how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    graph.node("Resize", [*given, "", twice], layer.name, mode="nearest", **how)


def _simple(kind: str) -> Callable[[_Graph, Layer, list[str]], Any]:
    return lambda graph, layer, given: graph.node(kind, given, layer.name)


_WRITERS: Mapping[str, Callable[[_Graph, Layer, list[str]], Any]] = {
    "ReflectionPadding": _pad,
    "Conv2D": _convolve,
    "InstanceNorm": _norm,
    "ConditionalInstanceNorm": _norm,
    "UpSampling2D": _enlarge,
    "ReLU": _simple("Relu"),
    "Add": _simple("Add"),
    "Activation": _simple("Sigmoid"),
}


def _steering(network: TransformNet) -> dict[str, Any]:
    """All inputs but the images."""
    return {each.name: each for each in network.inputs if each.name != "images"}


def _model(graph: _Graph) -> onnx.ModelProto:
    photo, painted = (_value(name, [1, 3, "height", "width"]) for name in (PHOTO, PAINTED))
    steered = any(CONDITION in node.input for node in graph.nodes)
    inputs = [photo, *([_value(CONDITION, [1, "conditions"])] if steered else [])]
    return _whole(helper.make_graph(graph.nodes, "restyle", inputs, [painted], graph.weights))


def _condition(network: TransformNet) -> onnx.ModelProto:
    """From all that steers the network to what its norms blend by, as Keras exports it."""
    steering = keras.Model(_steering(network), network.get_layer("condition").output)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "condition.onnx"
        write_onnx(steering, path)
        model = onnx.load(path)
    model = version_converter.convert_version(model, OPSET)
    del model.opset_import[1:]  # Of other domains, which nothing here is from.
    model.ir_version = IR_VERSION
    return _renamed(model, model.graph.output[0].name, CONDITION)


def _renamed(model: onnx.ModelProto, old: str, new: str) -> onnx.ModelProto:
    for node in model.graph.node:
        node.output[:] = [new if name == old else name for name in node.output]
        node.input[:] = [new if name == old else name for name in node.input]
    model.graph.output[0].name = new
    return model


def _value(name: str, shape: list[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _whole(graph: onnx.GraphProto) -> onnx.ModelProto:
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model)
    return model
