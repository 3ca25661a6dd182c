#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What including a header of mao costs: user seconds and peak memory of a translation unit that includes it alone.

    python3 benchmarks/compile_time.py [HEADER...]      # after scripts/setup; a few headers when none is given

The minimum of three runs of `c++ -std=c++20 -O2 -c`, as a Markdown table. torch/torch.h is there to compare with.
"""
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADERS = ["mao/sampling/hard_negative.hpp", "mao/data/open.hpp", "mao/core/tensor.hpp", "mao/models/clip_model.hpp",
           "mao/backbones/coop.hpp", "mao/tuner/recipes.hpp", "mao/mao.hpp", "torch/torch.h"]


def torch_includes():
    for root in [os.environ.get("LIBTORCH_ROOT")] + sorted(map(str, ROOT.glob(".venv/lib/python3*/site-packages/torch"))):
        if root and (pathlib.Path(root) / "include/ATen").is_dir():
            return [f"-isystem{root}/include", f"-isystem{root}/include/torch/csrc/api/include"]
    sys.exit("compile_time.py: no LibTorch; run scripts/setup or set LIBTORCH_ROOT")


def cost(header, flags, folder):
    source = pathlib.Path(folder) / "one.cpp"
    source.write_text(f"#include <{header}>\n")
    command = [os.environ.get("CXX", "c++"), "-std=c++20", "-O2", "-c", str(source), "-o", os.devnull,
               f"-I{ROOT}/include", "-isystem/usr/include/eigen3"] + flags
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"compile_time.py: {header} does not compile")
    return usage.ru_utime, usage.ru_maxrss / 1024


def main():
    flags = torch_includes()
    print("| header | user s | peak MB |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for header in sys.argv[1:] or HEADERS:
            seconds, memory = min(cost(header, flags, folder) for _ in range(3))
            print(f"| `{header}` | {seconds:.1f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
