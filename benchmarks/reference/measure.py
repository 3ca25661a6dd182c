# SPDX-License-Identifier: Apache-2.0
"""CPU time, wall time and memory of a piece of work in this process."""
import contextlib
import ctypes
import time

import torch


def status_kb(field):
    with open("/proc/self/status", encoding="ascii") as file:
        return next((int(line.split()[1]) for line in file if line.startswith(field)), 0)


def reset_peak():
    """From now on VmHWM counts anew, where the system allows it."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        pass


def give_back_memory():
    """What earlier cases have freed must not hide what the next one takes."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class Measured:
    """`with Measured() as m: ...` leaves `m.cpu` and `m.wall` in seconds and `m.peak_mb` over what was there before."""

    def __enter__(self):
        give_back_memory()
        reset_peak()
        self.before = status_kb("VmRSS")
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_):
        self.cpu, self.wall = time.process_time() - self.cpu, time.perf_counter() - self.wall
        self.peak_mb = max(0, status_kb("VmHWM") - self.before) / 1024


def saved_bytes(forward, frozen):
    """Bytes that autograd keeps between `forward()` and its backward pass: every storage once, `frozen` tensors not."""
    known, kept = {tensor.untyped_storage().data_ptr() for tensor in frozen}, {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = forward()
    loss.backward()
    return sum(kept.values())
