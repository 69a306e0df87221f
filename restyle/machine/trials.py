"""What each library is tried with: the computations that use matrix tiles where there are any.

  python -m restyle.machine.trials openvino

Ends with 0 if the library lives through it; processor.py beside it starts it and judges the end.
"""

import sys

import numpy as np

SIDE, CHANNELS = 64, 64


def try_tensorflow() -> None:
    """Convolutions, their gradient and a Gram matrix, in bfloat16, eagerly and compiled."""
    import tensorflow as tf

    from restyle.machine.precision import fastest_precision

    fastest_precision()
    kernel = tf.ones((3, 3, CHANNELS, CHANNELS), "bfloat16")

    @tf.function
    def gradient(images):
        features = tf.nn.relu(tf.nn.conv2d(images, kernel, 1, "SAME"))
        flat = tf.reshape(features, (-1, CHANNELS))
        return tf.gradients(tf.matmul(flat, flat, transpose_a=True), [images, kernel])

    gradient(tf.ones((1, SIDE, SIDE, CHANNELS), "bfloat16"))


def try_openvino() -> None:
    """Convolutions in float32, bfloat16 and int8, as `openvino_engine` asks for them."""
    sys.modules["openvino_telemetry"] = None  # pyright: ignore[reportArgumentType]
    import openvino
    from openvino import opset13 as ops

    def convolution(images, kernel):
        return ops.convolution(images, kernel, [1, 1], [1, 1], [1, 1], [1, 1])

    images = ops.parameter([1, CHANNELS, -1, -1], np.float32, name="images")
    kernel = ops.constant(np.ones((CHANNELS, CHANNELS, 3, 3), np.float32))
    features = ops.relu(convolution(images, kernel))
    quantized = convolution(
        ops.fake_quantize(features, 0.0, 1.0, 0.0, 1.0, 256),
        ops.fake_quantize(kernel, -1.0, 1.0, -1.0, 1.0, 255),
    )
    model = openvino.Model([quantized], [images])  # pyright: ignore[reportGeneralTypeIssues]
    given = np.ones((1, CHANNELS, SIDE, SIDE), np.float32)
    for precision in ("f32", "bf16"):
        settings = {"INFERENCE_PRECISION_HINT": precision}
        openvino.Core().compile_model(model, "CPU", settings)([given])


def try_onnxruntime() -> None:
    """A convolution in float32."""
    import onnx.helper as make
    import onnxruntime

    kinds = {"images": (1, CHANNELS, SIDE, SIDE), "kernel": (CHANNELS, CHANNELS, 3, 3)}
    inputs = [make.make_tensor_value_info(name, 1, shape) for name, shape in kinds.items()]
    features = make.make_tensor_value_info("features", 1, None)
    node = make.make_node("Conv", list(kinds), ["features"])
    graph = make.make_graph([node], "trial", inputs, [features])
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 15)], ir_version=8)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    session.run(None, {name: np.ones(shape, np.float32) for name, shape in kinds.items()})


TRIALS = {
    "tensorflow": try_tensorflow,
    "openvino": try_openvino,
    "onnxruntime": try_onnxruntime,
}

if __name__ == "__main__":
    TRIALS[sys.argv[1]]()
