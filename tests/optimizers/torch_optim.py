# SPDX-License-Identifier: Apache-2.0
"""Writes torch_optim.hpp: parameters after ten steps of PyTorch's own optimizers, in double precision.

usage: python tests/optimizers/torch_optim.py > tests/optimizers/torch_optim.hpp
"""

import math

import torch

SIZE, STEPS = 5, 10
DECAY, BETAS, EPSILON, MOMENTUM = 0.05, (0.8, 0.95), 1e-6, 0.7

# Name, what makes the optimizer of a list of parameters, the radius of SAM.
CASES = [
    ("sgd", lambda w: torch.optim.SGD(w, lr=1, weight_decay=DECAY), 0),
    ("momentum", lambda w: torch.optim.SGD(w, lr=1, momentum=MOMENTUM, weight_decay=DECAY), 0),
    ("dampening", lambda w: torch.optim.SGD(w, lr=1, momentum=MOMENTUM, dampening=0.3, weight_decay=DECAY), 0),
    ("nesterov", lambda w: torch.optim.SGD(w, lr=1, momentum=MOMENTUM, nesterov=True, weight_decay=DECAY), 0),
    ("adam", lambda w: torch.optim.Adam(w, lr=1, betas=BETAS, eps=EPSILON, weight_decay=DECAY), 0),
    ("amsgrad", lambda w: torch.optim.Adam(w, lr=1, betas=BETAS, eps=EPSILON, weight_decay=DECAY, amsgrad=True), 0),
    ("adamw", lambda w: torch.optim.AdamW(w, lr=1, betas=BETAS, eps=EPSILON, weight_decay=DECAY), 0),
    ("radam", lambda w: torch.optim.RAdam(w, lr=1, betas=BETAS, eps=EPSILON, weight_decay=DECAY, decoupled_weight_decay=True), 0),
    ("rmsprop", lambda w: torch.optim.RMSprop(w, lr=1, alpha=0.9, eps=EPSILON, momentum=MOMENTUM, weight_decay=DECAY), 0),
    ("sam_momentum", lambda w: torch.optim.SGD(w, lr=1, momentum=MOMENTUM, weight_decay=DECAY), 0.2),
    ("sam_adam", lambda w: torch.optim.Adam(w, lr=1, betas=BETAS, eps=EPSILON, weight_decay=DECAY), 0.2),
]


def loss(values, step):
    """Of two parameters together, another one in each step."""
    first, second = values
    return (torch.sin(3 * first + step).sum() + (first * second).sum() + 0.5 * (second**2).sum() * (1 + step % 3))


def trained(make, radius):
    values = [torch.tensor([math.cos(i + 7 * p) for i in range(SIZE)], dtype=torch.float64, requires_grad=True) for p in range(2)]
    optimizer = make(values)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = 0.1 / (step + 1)
        optimizer.zero_grad()
        loss(values, step).backward()
        if radius > 0:  # SAM: the gradient at the point that the first one leads to, the step from where it began
            foot = [value.detach().clone() for value in values]
            norm = torch.sqrt(sum((value.grad**2).sum() for value in values))
            with torch.no_grad():
                for value in values:
                    value += radius / norm * value.grad
            optimizer.zero_grad()
            loss(values, step).backward()
            with torch.no_grad():
                for value, before in zip(values, foot):
                    value.copy_(before)
        optimizer.step()
    return [number for value in values for number in value.tolist()]


print(f"""// SPDX-License-Identifier: Apache-2.0
#pragma once
// Written by tests/optimizers/torch_optim.py with PyTorch {torch.__version__.split("+")[0]}: {SIZE} numbers of each of two parameters after {STEPS} steps.
#include <map>
#include <string>
#include <vector>

inline const std::map<std::string, std::vector<double>> torch_optim{{""")
for name, make, radius in CASES:
    print(f'    {{"{name}", {{{", ".join(repr(number) for number in trained(make, radius))}}}}},')
print("};")
