# SPDX-License-Identifier: Apache-2.0
"""Safetensors files as NumPy arrays: what the two sides of a benchmark exchange."""
import json
import os

import numpy as np

TYPES = {"F32": np.float32, "F64": np.float64, "I64": np.int64}
NAMES = {np.dtype(kind): name for name, kind in TYPES.items()}


def read(path):
    """Arrays by name; the file is mapped, not read."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    data = np.memmap(path, np.uint8, "c", 8 + length)
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            arrays[name] = data[begin:end].view(TYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays


def write(path, arrays):
    """The whole file or none of it."""
    arrays = {name: np.require(value, requirements="C") for name, value in arrays.items()}
    header, offset = {}, 0
    for name, value in arrays.items():
        header[name] = {"dtype": NAMES[value.dtype], "shape": list(value.shape),
                        "data_offsets": [offset, offset + value.nbytes]}
        offset += value.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(f"{path}.new", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for value in arrays.values():
            file.write(value.tobytes())
    os.replace(f"{path}.new", path)
