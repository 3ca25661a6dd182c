# SPDX-License-Identifier: Apache-2.0
"""Writes few_shot_4.pkl and few_shot_5.pkl: a few-shot draw as CoOp saves it, in two pickle protocols.

A stand-in for Dassl's class is enough, as only its name and attributes are in the file.
"""

import pickle
import sys
import types
from pathlib import Path

NAME = "dassl.data.datasets.base_dataset"


class Datum:
    def __init__(self, impath, label, classname):
        self._impath, self._label, self._domain, self._classname = impath, label, 0, classname


Datum.__module__ = NAME
for part in ("dassl", "dassl.data", "dassl.data.datasets", NAME):
    sys.modules[part] = types.ModuleType(part)
sys.modules[NAME].Datum = Datum

ROOT = "/home/somebody/DATA/tiny/images/"
DRAW = {"train": [Datum(ROOT + "b/2.jpg", 1, "bee"), Datum(ROOT + "a/1.jpg", 0, "ant")],
        "val": [Datum(ROOT + "a/9.jpg", 0, "ant")]}
for protocol in (4, 5):
    with open(Path(__file__).parent / f"few_shot_{protocol}.pkl", "wb") as file:
        pickle.dump(DRAW, file, protocol=protocol)
