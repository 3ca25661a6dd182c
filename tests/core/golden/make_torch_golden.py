#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes torch_save.pth.tar, legacy_*.pt, negative_view.pt, whole_module.pt, hooked_module.pt, traced_*.pt and scripted_block.pt beside this
script with PyTorch's own torch.save and torch.jit.save (2.11 wrote those that are there).

usage: make_torch_golden.py   (a Python that has torch)
"""

import math
from collections import OrderedDict
from pathlib import Path

import torch
import torch.nn.utils.prune

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


class Part(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_parameter("scale", torch.nn.Parameter(torch.tensor([1.0, 2.0])))
        self.register_buffer("mean", torch.tensor([3.0]))
        self.register_buffer("mask", torch.tensor([True, False]), persistent=False)
        self.register_parameter("absent", None)


class Whole(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.visual, self.projection = Part(), torch.nn.Linear(2, 1)
        self.other = torch.tensor([9.0])  # no part of the state dict


torch.manual_seed(0)
whole = Whole()
torch.save(whole, Path(__file__).with_name("whole_module.pt"))
negated = torch.complex(torch.zeros(2, 3), -torch.arange(6.0).reshape(2, 3)).conj().imag  # a view that stores the opposite
torch.save({"negated": negated}, Path(__file__).with_name("negative_view.pt"))
torch.save(whole, Path(__file__).with_name("legacy_module.pt"), _use_new_zipfile_serialization=False)
torch.save({"epoch": 3, "state_dict": state, "optimizer": optimizer.state_dict()}, Path(__file__).with_name("legacy_dict.pt"),
           _use_new_zipfile_serialization=False)


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.ln = torch.nn.LayerNorm(8, eps=1e-6)
        self.attn = torch.nn.MultiheadAttention(8, 2, batch_first=True)
        self.gelu = torch.nn.GELU(approximate="tanh")

    def forward(self, x):
        x = self.ln(x)
        return self.gelu(self.attn(x, x, x, need_weights=False)[0])


block = Block().eval()
torch.jit.save(torch.jit.trace(block, torch.zeros(1, 3, 8), check_trace=False), str(Path(__file__).with_name("traced_block.pt")))
with torch.no_grad():
    torch.jit.save(torch.jit.trace(block, torch.zeros(1, 3, 8)), str(Path(__file__).with_name("traced_fast.pt")))
torch.jit.save(torch.jit.script(block), str(Path(__file__).with_name("scripted_block.pt")))


class Hooked(torch.nn.Module):
    """What may change a module's function without a tensor."""

    def __init__(self):
        super().__init__()
        for name in ("normed", "pruned", "watched", "patched", "bound"):
            self.add_module(name, torch.nn.Linear(2, 1))
        torch.nn.utils.weight_norm(self.normed)
        torch.nn.utils.prune.l1_unstructured(self.pruned, "weight", amount=1)
        self.watched.register_forward_hook(math.sqrt)
        self.patched.forward = math.sqrt
        self.bound.forward = self.patched.extra_repr  # a bound method
        self.bound.kept = torch.tensor([5.0])
        self.bound.kept.note = "an attribute"


torch.manual_seed(0)
torch.save(Hooked(), Path(__file__).with_name("hooked_module.pt"))
