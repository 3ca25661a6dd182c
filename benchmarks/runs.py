# SPDX-License-Identifier: Apache-2.0
"""Runs of `mao tune` side by side: what methods.py, all_classes.py and ablations.py share. Finished runs are not repeated."""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time


def add_arguments(parser, one_task=True):
    parser.add_argument("--mao", default="build/release/bin/mao", help="the program")
    parser.add_argument("--out", default="build/runs", type=pathlib.Path, help="folder of the runs")
    if one_task:
        parser.add_argument("--data", default="shifted", help="as in mao tune")
    parser.add_argument("--model", default="embedded", help="as in mao tune")
    parser.add_argument("--weights", default="", help="as in mao tune")
    parser.add_argument("--seeds", nargs="+", default=["1", "2", "3"])
    parser.add_argument("--shot-seed", default="", help="as in mao tune")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"], help="as in mao tune")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time, one thread each")


def write_table(arguments, text):
    """Into the file of --table, or to the standard output."""
    if arguments.table:
        with open(arguments.table, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        print(text, end="")


def folder(arguments, name):
    """Where the run of that name is."""
    return arguments.out / pathlib.Path(arguments.data).name / name.replace(" ", "_")


def results(arguments, wanted, refusals=None):
    """results.json of each run in `wanted` (name -> options of mao tune), by name; None where a run failed, and what it
    said is then in `refusals`."""
    environment = dict(os.environ, OMP_NUM_THREADS="1", OMP_WAIT_POLICY="passive")

    def run(name):
        to = folder(arguments, name)
        command = [arguments.mao, "tune", "--quiet", "--model", arguments.model, "--data", arguments.data, "--out",
                   str(to), "--seeds", *arguments.seeds, "--precision", arguments.precision, *wanted[name]]
        if arguments.weights:
            command += ["--weights", arguments.weights]
        if arguments.shot_seed:
            command += ["--shot-seed", arguments.shot_seed]
        to.parent.mkdir(parents=True, exist_ok=True)
        start = time.monotonic()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = done.stderr.strip()[-500:]
            print(f"{name}: {said}", file=sys.stderr, flush=True)
            if refusals is not None:
                refusals[name] = said
            return None
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        return json.loads((to / "results.json").read_text())

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        return dict(zip(wanted, pool.map(run, wanted)))


def cell(scores, key):
    """`76.72 +- 0.75`, or a dash where it was not tested."""
    if scores is None or scores.get(key) is None:
        return "-"
    deviation = scores.get("std", {}).get(key)
    return f"{scores[key]:.2f}" + (f" +- {deviation:.2f}" if deviation is not None else "")


def row(label, scores):
    return f"| {label} | {cell(scores, 'base')} | {cell(scores, 'new')} | {cell(scores, 'h')} |"


HEADER = "| | Base | New | H |\n|---|---|---|---|"
