#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What using mao costs the compiler, header-only and with mao::compiled: user seconds and peak memory of a translation unit.

    python3 benchmarks/compile_time.py [HEADER | SOURCE.cpp ...]      # after scripts/setup; headers and whole programs when none is given

The minimum of three runs of `c++ -std=c++20 -O2 -c` each, taken in turn, as a Markdown table. torch/torch.h is there to compare with.
"""
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
UNITS = ["mao/sampling/hard_negative.hpp", "mao/data/open.hpp", "mao/core/tensor.hpp", "mao/models/clip_model.hpp",
         "mao/backbones/coop.hpp", "mao/tuner/recipes.hpp", "mao/mao.hpp", "torch/torch.h", "examples/01_quickstart.cpp",
         "examples/02_base_to_new.cpp", "examples/05_own_backbone.cpp"]
MODES = {"header-only": [], "mao::compiled": ["-DMAO_SEPARATE_COMPILATION"]}


def torch_includes():
    for root in [os.environ.get("LIBTORCH_ROOT")] + sorted(map(str, ROOT.glob(".venv/lib/python3*/site-packages/torch"))):
        if root and (pathlib.Path(root) / "include/ATen").is_dir():
            return [f"-isystem{root}/include", f"-isystem{root}/include/torch/csrc/api/include"]
    sys.exit("compile_time.py: no LibTorch; run scripts/setup or set LIBTORCH_ROOT")


def cost(unit, flags, folder):
    source = ROOT / unit
    if not unit.endswith(".cpp"):
        source = pathlib.Path(folder) / "one.cpp"
        source.write_text(f"#include <{unit}>\n")
    command = [os.environ.get("CXX", "c++"), "-std=c++20", "-O2", "-c", str(source), "-o", os.devnull,
               f"-I{ROOT}/include", "-isystem/usr/include/eigen3"] + flags
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"compile_time.py: {unit} does not compile")
    return usage.ru_utime, usage.ru_maxrss / 1024


def main():
    flags = torch_includes()
    print("| unit | " + " | ".join(f"{mode}: user s | peak MB" for mode in MODES) + " |\n|---" + "|---|---" * len(MODES) + "|")
    with tempfile.TemporaryDirectory() as folder:
        for unit in sys.argv[1:] or UNITS:
            rounds = [[cost(unit, flags + more, folder) for more in MODES.values()] for _ in range(3)]
            best = [min(each) for each in zip(*rounds)]
            print(f"| `{unit}` | " + " | ".join(f"{seconds:.1f} | {memory:.0f}" for seconds, memory in best) + " |", flush=True)


if __name__ == "__main__":
    main()
