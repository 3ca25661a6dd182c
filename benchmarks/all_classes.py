#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One classifier for all classes: every classifier of a run, and every seed; or every method. Markdown tables.

    benchmarks/all_classes.py sketch shifted disjoint > tables.md                # one method, every classifier
    benchmarks/all_classes.py shifted --methods --table methods.md               # every method of `mao methods`

A method runs plain, and with `--recipe all-classes`. Figures are means over the seeds in percent, `+-` their deviation.
"""
import argparse
import subprocess
import sys

import runs

CLASSIFIERS = {"zero_shot": "untuned", "plain": "plain", "base": "MAO's base prompts", "new": "MAO's final prompts",
               "joined": "joined, no gate", "gated": "the recipe"}
RIVALS = ("zero_shot", "plain", "new")  # the recipe is compared with the best of them


def title_of(classifier, method):
    return method if classifier == "plain" else CLASSIFIERS[classifier]


class Figures:
    """What a plain run and one of the recipe say of each classifier."""

    def __init__(self, plain, recipe):
        self.seeds = [seed["seed"] for seed in recipe["per_seed"]]
        self.over_all = dict(recipe["all_classes"], plain=plain["all_classes"]["plain"])
        self.own = {"zero_shot": recipe["zero_shot"], "plain": plain["paper"], "base": with_new_of(recipe),
                    "new": recipe["single"], "joined": recipe["paper"], "gated": recipe["paper"]}
        self.per_seed = [dict(mine["all_classes"], plain=other["all_classes"]["plain"],
                              zero_shot=recipe["all_classes"]["zero_shot"])
                         for mine, other in zip(recipe["per_seed"], plain["per_seed"])]
        self.own_h = [seed["paper"]["h"] for seed in recipe["per_seed"]]

    def lead(self, figures):
        """How far the recipe's gH is above the best of the rivals."""
        return figures["gated"]["h"] - max(figures[rival]["h"] for rival in RIVALS)


def with_new_of(recipe):
    """Base and New of the base prompts: New as the first stage left it."""
    return {"base": recipe["paper"]["base"], "new": recipe.get("first", recipe["paper"])["new"]}


def pair(scores):
    return f"{scores['base']:.1f} / {scores['new']:.1f}"


def cell(scores, key):
    """`63.7 +- 0.5`; the untuned model has no deviation."""
    deviation = scores.get("std", {}).get(key)
    return f"{scores[key]:.1f}" + (f" +- {deviation:.1f}" if deviation is not None else "")


def classifiers_table(task, method, found):
    """A row for each classifier of one method."""
    lines = [f"| {task} | own Base / New | accuracy | base / new | gH | OpenworldAUC |", "|---" * 6 + "|"]
    for classifier in CLASSIFIERS:
        all_classes = found.over_all[classifier]
        lines.append(f"| {title_of(classifier, method)} | {pair(found.own[classifier])} | "
                     f"{cell(all_classes, 'accuracy')} | {pair(all_classes)} | {cell(all_classes, 'h')} | "
                     f"{cell(all_classes, 'openworld_auc')} |")
    return lines


def seeds_table(task, method, found):
    """gH of each seed, and how far the recipe is above the best of the untuned model, the method and final prompts."""
    titles = [title_of(classifier, method) for classifier in CLASSIFIERS]
    lines = [f"| {task}, gH | " + " | ".join(titles) + " | recipe - best rival | paper's H |", "|---" * 9 + "|"]
    rows = [(f"seed {seed}", figures, own) for seed, figures, own in zip(found.seeds, found.per_seed, found.own_h)]
    rows.append(("mean", found.over_all, sum(found.own_h) / len(found.own_h)))
    for name, figures, own in rows:
        cells = [f"{figures[classifier]['h']:.2f}" for classifier in CLASSIFIERS]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {found.lead(figures):+.2f} | {own:.2f} |")
    return lines


METHODS_HEADER = ("| method | plain: accuracy | gH | base prompts: gH | final prompts: gH | no gate: gH | the recipe: accuracy | "
                  "base / new | gH | OpenworldAUC | gH - best rival |")


def method_row(name, found):
    figures, recipe = found.over_all, found.over_all["gated"]
    gh = [cell(figures[classifier], "h") for classifier in ("plain", "base", "new", "joined")]
    return (f"| {name} | {cell(figures['plain'], 'accuracy')} | " + " | ".join(gh) + f" | {cell(recipe, 'accuracy')} | "
            f"{pair(recipe)} | {cell(recipe, 'h')} | {cell(recipe, 'openworld_auc')} | {found.lead(figures):+.1f} |")


def untuned_row(figures):
    return (f"| untuned | {figures['accuracy']:.1f} | {figures['h']:.1f} | - | - | - | - | {pair(figures)} | - | "
            f"{figures['openworld_auc']:.1f} | - |")


def methods_table(names, found, refusals):
    """A row for each method, and what the program says where the recipe refuses one."""
    done = {name: found[name] for name in names if name in found}
    lines = [METHODS_HEADER, "|---" * 11 + "|"]
    if done:
        lines.append(untuned_row(next(iter(done.values())).over_all["zero_shot"]))
    lines += [method_row(name, figures) for name, figures in done.items()]
    refused = [f"| {name} | {refusals[recipe_of(name)]} |" for name in names if recipe_of(name) in refusals]
    return lines + (["", "| method | why the recipe refuses it |", "|---|---|"] + refused if refused else [])


def recipe_of(name):
    return name + " + all classes"


def figures_of(arguments, names):
    """`Figures` of each method whose two runs are there, and the sentences of the runs that failed."""
    refusals, wanted = {}, {}
    for name in names:
        wanted[recipe_of(name)] = ["--method", name, "--recipe", "all-classes"]
    recipes = runs.results(arguments, wanted, refusals)
    ran = [name for name in names if recipes[recipe_of(name)]]
    plain = runs.results(arguments, {name: ["--method", name] for name in ran}, refusals)
    return {name: Figures(plain[name], recipes[recipe_of(name)]) for name in ran if plain[name]}, refusals


def tables(arguments):
    lines = []
    for task in arguments.tasks:
        arguments.data = task
        names = arguments.methods if arguments.methods is not None else [arguments.method]
        if not names:
            listed = subprocess.run([arguments.mao, "methods"], capture_output=True, text=True, check=True).stdout
            names = [line.split()[0] for line in listed.splitlines()]
        found, refusals = figures_of(arguments, names)
        if arguments.methods is not None:
            lines += methods_table(names, found, refusals) + [""]
        elif names[0] in found:
            lines += classifiers_table(task, names[0], found[names[0]]) + [""]
            lines += seeds_table(task, names[0], found[names[0]]) + [""]
        else:
            sys.exit(f"{names[0]} on {task}: " + "; ".join(refusals.values()))
    return "\n".join(lines[:-1]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="+", help="--data of mao tune, one or several")
    runs.add_arguments(parser, one_task=False)
    parser.add_argument("--method", default="coop", help="whose classifiers are compared")
    parser.add_argument("--methods", nargs="*", help="a row for each of these instead (default: all of `mao methods`)")
    parser.add_argument("--table", help="file for the tables (default: standard output)")
    arguments = parser.parse_args()
    runs.write_table(arguments, tables(arguments))


if __name__ == "__main__":
    main()
