# SPDX-License-Identifier: Apache-2.0
"""Writes the golden files of tests/core: pickles by CPython itself, laid out as torch.save, torch.jit.save and CoOp do.

    python3 tests/core/golden/make_golden.py

Needs no PyTorch: modules of the same names give the same bytes.
"""
import io
import json
import pathlib
import pickle
import random
import struct
import sys
import types
import zipfile
from collections import OrderedDict

HERE = pathlib.Path(__file__).resolve().parent


def module(name, **members):
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        parent = ".".join(parts[:length])
        sys.modules.setdefault(parent, types.ModuleType(parent))
    made = sys.modules[name]
    for key, value in members.items():
        value.__module__, value.__qualname__ = name, key
        setattr(made, key, value)


def storage_class():
    return type("Storage", (), {})


def rebuild(*arguments):
    raise AssertionError("only pickled, never called")


def rebuild_parameter(*arguments):
    raise AssertionError("only pickled, never called")


def scalar(*arguments):
    raise AssertionError("only pickled, never called")


STORAGES = {"f": "FloatStorage", "e": "HalfStorage", "q": "LongStorage", "?": "BoolStorage", "d": "DoubleStorage"}
module("torch", **{name: storage_class() for name in STORAGES.values()})
module("torch._utils", _rebuild_tensor_v2=rebuild, _rebuild_parameter=rebuild_parameter)
module("numpy.core.multiarray", scalar=scalar)


class Storage:
    def __init__(self, code, values):
        self.code, self.values = code, values


class Called:
    """Pickles as a call of `function`."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def tensor(storage, shape, strides=None, offset=0):
    if strides is None:
        strides, step = [], 1
        for extent in reversed(shape):
            strides.insert(0, step)
            step *= max(extent, 1)
    return Called(rebuild, storage, offset, tuple(shape), tuple(strides), False, OrderedDict())


class Pickler(pickle.Pickler):
    def __init__(self, file):
        super().__init__(file, protocol=2)
        self.storages = []

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        if value not in self.storages:
            self.storages.append(value)
        kind = getattr(sys.modules["torch"], STORAGES[value.code])
        return ("storage", kind, str(self.storages.index(value)), "cpu", len(value.values))


def save(path, root, folder="archive", extra=()):
    stream = io.BytesIO()
    pickler = Pickler(stream)
    pickler.dump(root)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        def add(name, content, method=zipfile.ZIP_STORED):
            info = zipfile.ZipInfo(f"{folder}/{name}")  # its date is fixed
            start = archive.fp.tell() + 30 + len(info.filename)
            padding = -(start + 4) % 64
            info.extra = struct.pack("<HH", 0x4246, padding) + b"Z" * padding
            info.compress_type = method
            archive.writestr(info, content)

        add("data.pkl", stream.getvalue())
        add("byteorder", b"little")
        for number, storage in enumerate(pickler.storages):
            add(f"data/{number}", struct.pack(f"<{len(storage.values)}{storage.code}", *storage.values))
        add("version", b"3\n")
        for name, content in extra:
            add(name, content, zipfile.ZIP_DEFLATED)


def state_dict():
    shared = Storage("f", [float(i) for i in range(12)])
    return OrderedDict([
        ("weight", tensor(shared, (3, 4))),
        ("transposed", tensor(shared, (4, 3), (1, 4))),
        ("row", tensor(shared, (4,), (1,), 4)),
        ("half", tensor(Storage("e", [0.5, -2.0]), (2,))),
        ("count", tensor(Storage("q", [7]), ())),
        ("mask", tensor(Storage("?", [True, False]), (2,))),
        ("empty", tensor(Storage("f", []), (0, 4))),
        ("parameter", Called(rebuild_parameter, tensor(Storage("d", [1.25]), (1,)), True, OrderedDict())),
    ])


def dassl():
    learned = OrderedDict([("ctx", tensor(Storage("f", [1.0, 2.0, 3.0, 4.0]), (2, 2)))])
    learned._metadata = OrderedDict([("", {"version": 1})])
    momentum = {"momentum_buffer": tensor(Storage("f", [0.0] * 4), (2, 2))}
    optimizer = {"state": {0: momentum}, "param_groups": [{"lr": 0.002, "params": [0]}]}
    accuracy = Called(scalar, "f8", b"\0" * 8)
    return {"state_dict": learned, "epoch": 50, "optimizer": optimizer, "scheduler": None, "val_result": accuracy,
            "note": "text", "rate": 0.5, "done": True}


def torch_script():
    def made(name, **attributes):
        kind = type(name, (), {})
        module("__torch__.clip.model", **{name: kind})
        value = kind()
        value.__dict__.update(attributes)
        return value

    convolution = made("Conv2d", training=False, weight=tensor(Storage("e", [1.0, 2.0]), (1, 2)))
    visual = made("VisionTransformer", training=False, conv1=convolution, note=None)
    root = made("CLIP", training=False, visual=visual, logit_scale=tensor(Storage("f", [4.5]), ()))
    return root, convolution, visual


def datum_pickle():
    kind = type("Datum", (), {})
    module("dassl.data.datasets.base_dataset", Datum=kind)
    items = []
    for label, name in [(0, "cat"), (1, "dög")]:
        item = kind()
        item.__dict__.update(_impath=f"/data/{name}.jpg", _label=label, _domain=0, _classname=name)
        items.append(item)
    return pickle.dumps({"train": items, "val": items[:1]}, protocol=pickle.HIGHEST_PROTOCOL)


def random_draws():
    cases = []
    for seed in (0, 1, 2, 3, 2**32 - 1, 2**32, 2**64 - 1, 123456789012345):
        source = random.Random(seed)
        samples = [[n, k, source.sample(range(n), k)] for n, k in
                   [(50, 16), (500, 16), (85, 16), (86, 16), (21, 5), (22, 5), (5, 5), (1, 1), (3, 0), (1300, 64)]]
        shuffled = list(range(20))
        source.shuffle(shuffled)
        cases.append({
            "seed": seed, "samples": samples, "shuffled": shuffled,
            "bits": [[k, source.getrandbits(k)] for k in (1, 7, 31, 32, 33, 48, 63, 64)],
            "below": [[n, source.randrange(n)] for n in (1, 2, 3, 1000, 2**32, 2**32 + 1, 2**63 + 5)],
            "random": [source.random() for _ in range(5)],
        })
    return cases


def values_pickle():
    cycle = []
    cycle.append(cycle)
    return {"none": None, "true": True, "small": 5, "medium": 300, "negative": -70000, "long": -(2**40), "huge": 2**70,
            "real": -0.1, "text": "ö", "bytes": b"\0\xff", "tuple": (1, (2, 3), ()), "list": [1, 2, 3, 4], "set": {7},
            "frozen": frozenset([8]), "long text": "x" * 300, "cycle": cycle}


if __name__ == "__main__":
    save(HERE / "state_dict.pth", state_dict())
    save(HERE / "dassl.pth.tar", dassl(), "model.pth")
    classes = torch_script()
    save(HERE / "torch_script.pt", classes[0], "clip", [("code/__torch__.py", b"def f():\n  pass\n" * 8)])
    (HERE / "few_shot.pkl").write_bytes(datum_pickle())
    for protocol in (2, 3, 4, 5):
        (HERE / f"values_{protocol}.pkl").write_bytes(pickle.dumps(values_pickle(), protocol=protocol))
    (HERE / "cpython_random.json").write_text(json.dumps(random_draws()) + "\n")
