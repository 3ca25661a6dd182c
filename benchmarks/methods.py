#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every method plain and with MAO on one task: Base, New and H over seeds, as a Markdown table.

    benchmarks/methods.py --data shifted > methods.md

The settings are those of the MAO paper for all (plain: batch 32, 20 epochs, lr 0.002; MAO: 10 + 10 epochs, lr 0.0035).
"""
import argparse
import subprocess

import runs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    runs.add_arguments(parser)
    parser.add_argument("--learners", nargs="+", help="default: all that `mao learners` lists")
    parser.add_argument("--table", help="file for the table (default: standard output)")
    arguments = parser.parse_args()
    listed = subprocess.run([arguments.mao, "learners"], capture_output=True, text=True, check=True).stdout
    names = arguments.learners or [line.split()[0] for line in listed.splitlines() if not line.startswith("zero-shot")]
    wanted = {}
    for name in names:
        wanted[name] = ["--learner", name]
        wanted[name + " + MAO"] = ["--learner", name, "--mao"]
    found = runs.results(arguments, wanted)
    lines = [runs.HEADER]
    first = next((result for result in found.values() if result), None)
    if first:
        lines.append(runs.row("zero-shot", first["zero_shot"]))
    for name in names:
        if found[name]:
            lines.append(runs.row(name, found[name]["paper"]))
        mao = found[name + " + MAO"]
        if mao:
            lines.append(runs.row(f"{name} + MAO, base step alone", mao.get("first")))
            lines.append(runs.row(f"{name} + MAO", mao["paper"]))
            lines.append(runs.row(f"{name} + MAO, single", mao["single"]))
    table = "\n".join(lines) + "\n"
    if arguments.table:
        with open(arguments.table, "w", encoding="utf-8") as file:
            file.write(table)
    else:
        print(table, end="")


if __name__ == "__main__":
    main()
