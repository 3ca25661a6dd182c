#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the Python of docs/guides/deploy.md on class weights that the program exports.

usage: tests/docs/class_weights.py MAO

Takes PyTorch and safetensors where they are installed, and stand-ins made of the standard library where they are not: what is
tested are the file and the formula.
"""

import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import tempfile


class Rows(list):
    """As much of a tensor as the example needs."""

    def norm(self, dim, keepdim):
        assert dim == -1 and keepdim
        return Rows([[math.sqrt(sum(x * x for x in row))] for row in self])

    def __truediv__(self, other):
        return Rows([[x / divisor[0] for x in row] for row, divisor in zip(self, other)])

    def __matmul__(self, other):
        return Rows([[sum(x * y for x, y in zip(row, column)) for column in zip(*other)] for row in self])

    def __rmul__(self, factor):
        return Rows([[factor * x for x in row] for row in self])

    @property
    def T(self):  # as PyTorch calls it
        return Rows([list(column) for column in zip(*self)])

    def softmax(self, dim):
        assert dim == -1
        powers = [[math.exp(x - max(row)) for x in row] for row in self]
        return Rows([[x / sum(row) for x in row] for row in powers])

    def tolist(self):
        return list(self)


def load_file_by_hand(path):
    raw = pathlib.Path(path).read_bytes()
    start = 8 + struct.unpack("<Q", raw[:8])[0]
    tensors = {}
    for name, entry in json.loads(raw[8:start]).items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32"
        first, last = entry["data_offsets"]
        numbers = struct.unpack(f"<{(last - first) // 4}f", raw[start + first:start + last])
        rows, columns = entry["shape"] if entry["shape"] else (0, 0)
        tensors[name] = Rows([list(numbers[i * columns:(i + 1) * columns]) for i in range(rows)]) if rows else numbers[0]
    return tensors


def classify(model, image, load_file):
    # [python]
    head, names = load_file("head.safetensors"), open("head.classes.txt").read().splitlines()
    features = model.encode_image(image)
    features = features / features.norm(dim=-1, keepdim=True)
    probabilities = (head["logit_scale"] * (features @ head["weight"].T)).softmax(dim=-1)
    best = max(zip(probabilities.tolist()[0], names))
    # [end]
    return probabilities, best


class Model:
    """Gives the second class's own vector."""

    def __init__(self, features):
        self.features = features

    def encode_image(self, image):
        return self.features


def main():
    try:
        import torch
        from safetensors.torch import load_file
        rows = torch.tensor
    except ImportError:
        load_file, rows = load_file_by_hand, Rows
    names = ["red circle", "blue star", "green square"]
    folder = pathlib.Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as temporary:
        subprocess.run([str(pathlib.Path(sys.argv[1]).resolve()), "export", "head.safetensors", "--classes", *names, "--model",
                        str(folder / "tools/embedded/model")], cwd=temporary, check=True)
        weight = load_file_by_hand(f"{temporary}/head.safetensors")["weight"]
        os.chdir(temporary)
        probabilities, best = classify(Model(rows([[3 * x for x in weight[1]]])), None, load_file)
        os.chdir(folder)
    assert best[1] == "blue star", best
    assert math.isclose(sum(probabilities.tolist()[0]), 1, abs_tol=1e-4)
    print(f"{best[1]}: {best[0]:.3f}")


if __name__ == "__main__":
    main()
