#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what Python finds in a file of torch.save: a line for each tensor and each plain value, sorted.

usage: read_checkpoint.py torch|plain FILE

  torch   through torch.load(FILE) with its defaults; exits with 3 when torch cannot be imported
  plain   through CPython's zipfile and pickle alone, checksums of the archive included
"""

import pickle
import sys
import zipfile
import zlib
from collections import OrderedDict


class Tensor:
    def __init__(self, storage, offset, shape, strides, trains, hooks):
        assert offset == 0 and not trains and hooks == OrderedDict(), "not as the writer should make it"
        self.dtype, self.content = storage
        self.shape, self.strides = shape, strides


def describe(tensor):
    if isinstance(tensor, Tensor):
        return tensor.dtype, list(tensor.shape), zlib.crc32(tensor.content)
    import torch
    content = bytes(tensor.contiguous().reshape(-1).view(torch.uint8).tolist())
    return str(tensor.dtype).removeprefix("torch."), list(tensor.shape), zlib.crc32(content)


def lines_of(value, name=""):
    if isinstance(value, dict):
        for key, child in value.items():
            yield from lines_of(child, f"{name}.{key}" if name else key)
    elif hasattr(value, "shape"):
        yield " ".join([name, *map(str, describe(value))])
    else:
        yield f"{name} {value!r}"


def load_plain(path):
    names = {"FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16", "DoubleStorage": "float64",
             "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
             "ByteStorage": "uint8", "BoolStorage": "bool"}
    archive = zipfile.ZipFile(path)
    assert archive.testzip() is None, "a checksum is wrong"
    assert archive.read("archive/version") == b"3\n" and archive.read("archive/byteorder") == b"little"

    class Unpickler(pickle.Unpickler):
        def find_class(self, module, name):
            if (module, name) == ("collections", "OrderedDict"):
                return OrderedDict
            return Tensor if (module, name) == ("torch._utils", "_rebuild_tensor_v2") else names[name]

        def persistent_load(self, identity):
            kind, dtype, key, device, count = identity
            assert kind == "storage" and device == "cpu"
            return dtype, archive.read(f"archive/data/{key}")

    return Unpickler(archive.open("archive/data.pkl")).load()


def main():
    how, path = sys.argv[1:]
    if how == "torch":
        try:
            import torch
        except Exception as failure:
            print(f"cannot import torch: {failure}")
            sys.exit(3)
        root = torch.load(path)
    else:
        root = load_plain(path)
    print(type(root).__name__)
    print("\n".join(sorted(lines_of(root))))


main()
