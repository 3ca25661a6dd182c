#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every method plain and with MAO on one task: Base, New and H over seeds, as a Markdown table.

    benchmarks/methods.py --data shifted --table methods.md

The settings are those of the MAO paper for all (plain: batch 32, 20 epochs, lr 0.002; MAO: 10 + 10 epochs, lr 0.0035).
"""
import argparse
import subprocess

import runs


HEADER = ("| | Base | New | H | MAO: Base | its New after the base stage | New | H | single: H |\n" + "|---" * 9 + "|")


def row(name, plain, mao):
    """A method plain and, where it goes together, with MAO; after the base stage Base is MAO's already."""
    cells = [runs.cell(plain, key) for key in ("base", "new", "h")]
    if mao:
        cells += [runs.cell(mao["paper"], "base"), runs.cell(mao.get("first"), "new"), runs.cell(mao["paper"], "new"),
                  runs.cell(mao["paper"], "h"), runs.cell(mao["single"], "h")]
    else:
        cells += ["-"] * 5
    return f"| {name} | " + " | ".join(cells) + " |"


def dpc_over(arguments, host, step):
    """Options of DPC over the prompts that `host` ended `step` with."""
    prompts = runs.folder(arguments, host) / "seed{seed}" / f"{step}.prompts.safetensors"
    return ["--method", "dpc", "--set", f"host={prompts}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    runs.add_arguments(parser)
    parser.add_argument("--methods", nargs="+", help="default: all that `mao methods` lists")
    parser.add_argument("--table", help="file for the table (default: standard output)")
    arguments = parser.parse_args()
    listed = subprocess.run([arguments.mao, "methods"], capture_output=True, text=True, check=True).stdout
    names = arguments.methods or [line.split()[0] for line in listed.splitlines() if not line.startswith("zero-shot")]
    over_coop = "dpc" in names and "coop" in names  # it goes on from prompts that are there
    wanted = {}
    for name in (name for name in names if name != "dpc"):
        wanted[name] = ["--method", name]
        wanted[name + " + MAO"] = ["--method", name, "--mao"]
    found = runs.results(arguments, wanted)
    if over_coop:
        found.update(runs.results(arguments, {"dpc over coop": dpc_over(arguments, "coop", "plain"),
                                              "dpc over coop + MAO": dpc_over(arguments, "coop + MAO", "base")}))
    lines = [HEADER]
    first = next((result for result in found.values() if result), None)
    if first:
        lines.append(row("zero-shot", first["zero_shot"], None))
    for name in found:
        if found[name] and (name in names or name.startswith("dpc over")):
            lines.append(row(name, found[name]["paper"], found.get(name + " + MAO") if name in names else None))
    runs.write_table(arguments, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
