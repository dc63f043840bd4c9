#!/usr/bin/python3
"""Makes onnx_gradients.npz: input gradients by PyTorch of the ONNX models in ../shared/data; for development only.

    tests/golden/make_onnx_golden.py DATA [FOLDER]      (Debian: python3-torch, python3-onnx)

Each graph is run node by node with PyTorch's own functions in float64. For the first golden input of each model the file holds NAME/dx: 64 entries,
evenly spread over the input in PyTorch's order, of the gradient of sum(unit(key("logits"), i) * logits[i]), and NAME/norm, the norm of all of it.
"""
import os
import sys

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper

sys.argv, arguments = sys.argv[:1], sys.argv[1:]
FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
from make_golden import key, unit  # noqa: E402

DATA = arguments[0]
OUT = arguments[1] if len(arguments) > 1 else FOLDER
ENTRIES = 64

MODELS = {  # name: array of its golden file
    "badnet_mnist_trigger_white5_target1": "input",
    "kw_fashion_eps0.1": "input",
    "kw_mnist_eps0.1": "input",
    "mnist_lenet5_advtrained": "input",
    "mnist_lenet5_clntrained": "input",
    "resnet20-12fca82f": "pixels",
    "squeezenet_v1.0": "input",
}


def tensor(proto):
    t = torch.tensor(numpy_helper.to_array(proto).copy())
    return t.double() if t.is_floating_point() else t


def pooled(x, pool, a):
    top, left, bottom, right = a.get("pads", [0, 0, 0, 0])
    assert (top, left) == (bottom, right)
    return pool(x, a["kernel_shape"], a["strides"], (top, left), ceil_mode=bool(a.get("ceil_mode", 0)))


def padded(x, pads):
    half = len(pads) // 2
    return F.pad(x, [p for k in reversed(range(half)) for p in (pads[k], pads[half + k])])


def sliced(x, starts, ends, axes, steps):
    for start, end, axis, step in zip(starts, ends, axes, steps):
        x = x.flip(axis) if step < 0 else x[(slice(None),) * axis + (slice(start, end, step),)]
    return x


OPERATORS = {
    "Add": lambda a, x, y: x + y,
    "AveragePool": lambda a, x: pooled(x, F.avg_pool2d, a),
    "Cast": lambda a, x: x,
    "Concat": lambda a, *x: torch.cat(x, a["axis"]),
    "Constant": lambda a: tensor(a["value"]),
    "ConstantOfShape": lambda a, shape: torch.zeros(shape.tolist(), dtype=torch.int64),
    "Conv": lambda a, x, w, b: F.conv2d(padded(x, [0, 0, *a["pads"][:2], 0, 0, *a["pads"][2:]]), w, b, a["strides"]),
    "Div": lambda a, x, y: x / y,
    "Flatten": lambda a, x: x.flatten(1),
    "Gemm": lambda a, x, w, b: F.linear(x, w, b),
    "MaxPool": lambda a, x: pooled(x, F.max_pool2d, a),
    "Pad": lambda a, x, pads=None, value=None: padded(x, a["pads"] if pads is None else pads.tolist()),
    "ReduceMean": lambda a, x: x.mean(a["axes"], keepdim=bool(a.get("keepdims", 1))),
    "Relu": lambda a, x: F.relu(x),
    "Reshape": lambda a, x, shape: x.reshape(shape.tolist()),
    "Slice": lambda a, x, *extents: sliced(x, *(e.tolist() for e in extents)),
    "Sub": lambda a, x, y: x - y,
    "Transpose": lambda a, x: x.permute(a["perm"]),
}


def run(model, x):
    values = {i.name: tensor(i) for i in model.graph.initializer}
    values[model.graph.input[0].name] = x
    for node in model.graph.node:
        a = {k.name: onnx.helper.get_attribute_value(k) for k in node.attribute}
        inputs = [values[name] for name in node.input if name]
        values[node.output[0]] = OPERATORS[node.op_type](a, *inputs)
    return values[model.graph.output[0].name]


def first_input(name, array):
    images = np.load(os.path.join(DATA, "models", name + "_golden.npz"))[array]
    image = images[0] if images.ndim == 4 else images
    return torch.tensor(image.astype(np.float32) / np.float32(255 if image.dtype == np.uint8 else 1)).double()[None]


def main():
    arrays = {}
    for name, array in MODELS.items():
        model = onnx.load(os.path.join(DATA, "models", name + ".onnx"))
        x = first_input(name, array).requires_grad_(True)
        logits = run(model, x)
        logits.backward(torch.tensor(unit(key("logits"), 0, logits.numel())).double().reshape(logits.shape))
        dx = x.grad.flatten()
        stride = dx.numel() // ENTRIES
        arrays[name + "/dx"] = dx[: stride * ENTRIES : stride].float().numpy()
        arrays[name + "/norm"] = dx.norm().reshape(1).float().numpy()
    np.savez_compressed(os.path.join(OUT, "onnx_gradients.npz"), **arrays)


if __name__ == "__main__":
    main()
