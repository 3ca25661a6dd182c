#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One classifier for all classes: every classifier of a run, and every seed; or every method. Markdown tables.

    benchmarks/all_classes.py sketch shifted disjoint > tables.md                # one method, every classifier
    benchmarks/all_classes.py shifted --methods --table methods.md               # every method of `mao methods`

A method runs plain, and with `--recipe all-classes`; `--variants` adds runs of the recipe with other options. Figures
are means over the seeds in percent, `+-` their deviation.
"""
import argparse
import subprocess
import sys

import runs

CLASSIFIERS = {"zero_shot": "untuned", "plain": "plain", "base": "MAO's base-stage prompts", "new": "MAO's new-stage prompts",
               "joined": "joined, no gate", "gated": "the recipe"}
# The recipe with other options: title and options of mao tune.
VARIANTS = {"after_plain": ("the recipe, `--steps new`", ["--steps", "new"]),
            "auto_labels": ("the recipe, `--labeler auto`", ["--labeler", "auto"])}
RIVALS = ("zero_shot", "plain", "new")  # the recipe is compared with the best of them


def title_of(classifier, method):
    if classifier in VARIANTS:
        return VARIANTS[classifier][0]
    return method if classifier == "plain" else CLASSIFIERS[classifier]


class Figures:
    """What a plain run, one of the recipe and those of its variants say of each classifier."""

    def __init__(self, plain, recipe, variants):
        self.seeds = [seed["seed"] for seed in recipe["per_seed"]]
        self.over_all = dict(recipe["all_classes"], plain=plain["all_classes"]["plain"])
        self.own = {"zero_shot": recipe["zero_shot"], "plain": plain["paper"], "base": with_new_of(recipe),
                    "new": recipe["single"], "joined": recipe["paper"], "gated": recipe["paper"]}
        self.per_seed = [dict(mine["all_classes"], plain=other["all_classes"]["plain"],
                              zero_shot=recipe["all_classes"]["zero_shot"])
                         for mine, other in zip(recipe["per_seed"], plain["per_seed"])]
        self.own_h = [seed["paper"]["h"] for seed in recipe["per_seed"]]
        for name, run in variants.items():
            self.over_all[name], self.own[name] = run["all_classes"]["gated"], run["paper"]
            for figures, seed in zip(self.per_seed, run["per_seed"]):
                figures[name] = seed["all_classes"]["gated"]
        self.variants = list(variants)
        self.classifiers = [*CLASSIFIERS, *variants]

    def lead(self, figures, recipe="gated"):
        """How far the recipe's gH is above the best of the rivals."""
        return figures[recipe]["h"] - max(figures[rival]["h"] for rival in RIVALS)


def with_new_of(recipe):
    """Base and New of the base-stage prompts: New as the first stage left it."""
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
    for classifier in found.classifiers:
        all_classes = found.over_all[classifier]
        lines.append(f"| {title_of(classifier, method)} | {pair(found.own[classifier])} | "
                     f"{cell(all_classes, 'accuracy')} | {pair(all_classes)} | {cell(all_classes, 'h')} | "
                     f"{cell(all_classes, 'openworld_auc')} |")
    return lines


def seeds_table(task, method, found):
    """gH of each seed, and how far the recipe is above the best of the untuned model, the method and new-stage prompts."""
    titles = [title_of(classifier, method) for classifier in found.classifiers]
    lines = [f"| {task}, gH | " + " | ".join(titles) + " | recipe - best rival | paper's H |",
             "|---" * (len(titles) + 3) + "|"]
    rows = [(f"seed {seed}", figures, own) for seed, figures, own in zip(found.seeds, found.per_seed, found.own_h)]
    rows.append(("mean", found.over_all, sum(found.own_h) / len(found.own_h)))
    for name, figures, own in rows:
        cells = [f"{figures[classifier]['h']:.2f}" for classifier in found.classifiers]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {found.lead(figures):+.2f} | {own:.2f} |")
    return lines


METHODS_HEADER = ("| method | plain: accuracy | gH | base-stage prompts: gH | new-stage prompts: base / new | gH | no gate: gH | "
                  "the recipe: accuracy | base / new | gH | OpenworldAUC | gH - best rival |")


def method_row(name, found):
    figures, recipe = found.over_all, found.over_all["gated"]
    gh = {classifier: cell(figures[classifier], "h") for classifier in ("plain", "base", "new", "joined")}
    return (f"| {name} | {cell(figures['plain'], 'accuracy')} | {gh['plain']} | {gh['base']} | "
            f"{pair(figures['new'])} | {gh['new']} | {gh['joined']} | {cell(recipe, 'accuracy')} | {pair(recipe)} | "
            f"{cell(recipe, 'h')} | {cell(recipe, 'openworld_auc')} | {found.lead(figures):+.1f} |" +
            "".join(f" {cell(figures[it], 'h')} ({found.lead(figures, it):+.1f}) |" for it in found.variants))


def untuned_row(figures, variants):
    return (f"| untuned | {figures['accuracy']:.1f} | {figures['h']:.1f} | - | - | - | - | - | {pair(figures)} | - | "
            f"{figures['openworld_auc']:.1f} | - |" + " - |" * len(variants))


def methods_table(names, found, refusals, variants):
    """A row for each method, and what the program says where the recipe refuses one."""
    done = {name: found[name] for name in names if name in found}
    lines = [METHODS_HEADER + "".join(f" {VARIANTS[it][0]}: gH (- best rival) |" for it in variants),
             "|---" * (12 + len(variants)) + "|"]
    if done:
        lines.append(untuned_row(next(iter(done.values())).over_all["zero_shot"], variants))
    lines += [method_row(name, figures) for name, figures in done.items()]
    refused = [f"| {name} | {refusals[recipe_of(name)]} |" for name in names if recipe_of(name) in refusals]
    return lines + (["", "| method | why the recipe refuses it |", "|---|---|"] + refused if refused else [])


def recipe_of(name):
    return name + " + all classes"


def variant_of(name, variant):
    return f"{recipe_of(name)} {variant}"


def figures_of(arguments, names):
    """`Figures` of each method whose runs are all there, and the sentences of the runs that failed."""
    refusals = {}
    options = {name: ["--method", name, "--recipe", "all-classes"] for name in names}
    recipes = runs.results(arguments, {recipe_of(name): options[name] for name in names}, refusals)
    ran = [name for name in names if recipes[recipe_of(name)]]
    wanted = {name: ["--method", name] for name in ran}
    for name in ran:
        wanted.update({variant_of(name, it): options[name] + VARIANTS[it][1] for it in arguments.variants})
    found = runs.results(arguments, wanted, refusals)
    figures = {}
    for name in ran:
        variants = {it: found[variant_of(name, it)] for it in arguments.variants}
        if found[name] and all(variants.values()):
            figures[name] = Figures(found[name], recipes[recipe_of(name)], variants)
    return figures, refusals


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
            lines += methods_table(names, found, refusals, arguments.variants) + [""]
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
    parser.add_argument("--variants", nargs="*", default=[], choices=list(VARIANTS),
                        help="also the recipe with other options")
    parser.add_argument("--table", help="file for the tables (default: standard output)")
    arguments = parser.parse_args()
    runs.write_table(arguments, tables(arguments))


if __name__ == "__main__":
    main()
