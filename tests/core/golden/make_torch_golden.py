#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes torch_save.pth.tar beside this script with PyTorch's own torch.save (2.11 wrote the one that is there).

usage: make_torch_golden.py   (a Python that has torch)
"""

from collections import OrderedDict
from pathlib import Path

import torch

numbers = torch.arange(12, dtype=torch.float32)
ctx = torch.nn.Parameter(torch.full((2, 2), 0.5))
optimizer = torch.optim.SGD([ctx], lr=0.002, momentum=0.9)
ctx.sum().backward()
optimizer.step()
state = OrderedDict([
    ("ctx", torch.tensor([[0.5, -2.0], [65504.0, 1.0]], dtype=torch.float16)),
    ("matrix", numbers.view(3, 4)),
    ("transposed", numbers.view(3, 4).t()),
    ("row", numbers.view(3, 4)[1]),
    ("every_third", numbers[1::3]),
    ("count", torch.tensor(2**40, dtype=torch.int64)),
    ("parameter", torch.nn.Parameter(torch.tensor([1.25, 2.5], dtype=torch.bfloat16))),
    ("empty", torch.zeros(0, 4)),
])
state._metadata = OrderedDict([("", {"version": 1})])
torch.save({"state_dict": state, "nested": OrderedDict([("deeper", OrderedDict([("mask", torch.tensor([True, False]))]))]),
            "epoch": 50, "optimizer": optimizer.state_dict(), "scheduler": None, "val_result": 81.25},
           Path(__file__).with_name("torch_save.pth.tar"))
