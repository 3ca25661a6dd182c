#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The ablations of the MAO paper (Tables 4, 5, 8, Figure 4) on one task: a Markdown table and an SVG figure.

    benchmarks/ablations.py --data shifted --table docs/ablations-shifted.md --figure docs/ablations-shifted.svg
"""
import argparse

import charts
import runs

SHOTS = [1, 2, 4, 8, 16, 32]
TOP_K = [2, 4, 8, 16]
USUAL_SHOTS = 16  # of `mao tune`


def wanted(method, most_shots):
    """Options of every run, by name."""
    base = ["--method", method]
    all_runs = {"plain": base, "plain, 2x epochs": base + ["--epochs", "40"],
                "base stage only": base + ["--mao", "--steps", "base"],
                "new stage only": base + ["--mao", "--steps", "new"], "full": base + ["--mao"],
                "full, labels of the tuned prompt": base + ["--mao", "--labeler", "tuned"]}
    for k in TOP_K:
        all_runs[f"K = {k}"] = base + ["--mao", "--batch", str(max(1, 32 // k)), "--k", str(k)]
    for shots in SHOTS:
        if shots <= most_shots and shots != USUAL_SHOTS:
            all_runs[f"plain, {shots} shots"] = base + ["--shots", str(shots)]
            all_runs[f"full, {shots} shots"] = base + ["--mao", "--shots", str(shots)]
    return all_runs


def with_shots(step, shots):
    """The name of a run with so many shots."""
    return step if shots == USUAL_SHOTS else f"{step}, {shots} shots"


def figure(found, method):
    def h(name):
        return found[name]["paper"]["h"] if found.get(name) else None

    shots = [s for s in SHOTS if with_shots("full", s) in found]
    body = charts.panel("H by shots a class", shots,
                        [(method, charts.ORANGE, [h(with_shots("plain", s)) for s in shots]),
                         ("+ MAO", charts.BLUE, [h(with_shots("full", s)) for s in shots])], 60)
    body += charts.panel("H by top-K", TOP_K, [("+ MAO", charts.BLUE, [h(f"K = {k}") for k in TOP_K])], 440)
    return charts.document(body)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    runs.add_arguments(parser)
    parser.add_argument("--method", default="coop")
    parser.add_argument("--most-shots", type=int, default=32, help="training images a class that the task has")
    parser.add_argument("--table", help="file for the table (default: standard output)")
    parser.add_argument("--figure", help="SVG file")
    arguments = parser.parse_args()
    found = runs.results(arguments, wanted(arguments.method, arguments.most_shots))
    lines = [runs.HEADER]
    first = next((result for result in found.values() if result), None)
    if first:
        lines.append(runs.row("zero-shot", first["zero_shot"]))
    lines += [runs.row(name, result["paper"]) for name, result in found.items() if result]
    runs.write_table(arguments, "\n".join(lines) + "\n")
    if arguments.figure:
        with open(arguments.figure, "w", encoding="utf-8") as file:
            file.write(figure(found, arguments.method))


if __name__ == "__main__":
    main()
