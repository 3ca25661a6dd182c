#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Other families than ViT CLIPs at their full depth: mao beside open_clip, random weights, one thread, alternately.

    cmake --build build/release --target mao-families
    PYTHON benchmarks/families.py --builder peer_models.py --program build/release/bin/mao-families [--vocabulary FILE] [--only NAME...]

PYTHON has torch, open_clip, timm, transformers and sentencepiece; `peer_models.py` writes an architecture of open_clip as its hub does. Two works: the image
features of 16 images, and the text step of CoOp as its trainers do it (class features of 51 classes through the whole tower, cross entropy with given image
features, backward pass to the context). Values are compared before anything is timed. CPU seconds, the best of the rounds.

With --memory, the peer computes its features and goes; then mao loads the model and encodes: resident memory in GB, of which `own` is not a mapped file.
"""
import argparse
import gc
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import torch
from safetensors.torch import load_file, save_file

import context_gradient

CASES = ["RN50", "ViT-B-16-SigLIP"]
IMAGES, CLASSES, LEARNED, FEATURES = 16, 51, 4, 32
WORDS = ["golden", "tabby", "snow", "river", "annual", "fire", "wooden", "paper", "desert", "copper"]
THINGS = ["retriever", "cat", "leopard", "boat", "crop", "truck", "chair", "lantern", "fox", "kettle"]
NAMES = [f"{word} {thing}" for word in WORDS for thing in THINGS][:CLASSES]
TOLERANCE = 1e-4


def full_depth(builder):
    """Its architectures as they are published; the vocabulary of SigLIPs stays small, for it cannot be downloaded."""
    def shrink(config, kind):
        if kind in ("siglip", "siglip2"):
            config["text_cfg"]["vocab_size"] = 200
        return config

    def whole(name, *arguments, **options):
        return builder._create(name, *arguments, **{**options, "pretrained": False})

    builder.shrink, builder.shallow = shrink, whole
    builder.PROMPTS = [f"a photo of a {name}." for name in NAMES]


class Peer:
    def __init__(self, model, tokens, first, given):
        self.model, self.tokens, self.first, self.given = model, tokens, first, given

    def image(self):
        with torch.inference_mode():
            return {"features": self.model.encode_image(self.given["pixels"])}

    def text(self):
        context_gradient.NAMES = NAMES
        loss, gradient = context_gradient.loss_and_gradient(self.model, self.tokens, self.given["context"], self.given["images"], self.first)
        return {"gradient": gradient, "loss": torch.tensor(loss)}

    def timed(self, work):
        begin = time.process_time()
        values = getattr(self, work)()
        return time.process_time() - begin, values


class Ours:
    def __init__(self, command, folder):
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self.file = folder / "values.safetensors"
        self.process = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.loaded = self.reply()

    def reply(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"families.py: {' '.join(map(str, self.process.args))} ended")
        return json.loads(line)

    def timed(self, work):
        seconds = self.asked(f"{work} {self.file}")["cpu"]
        return seconds, load_file(str(self.file))

    def asked(self, word):
        print(word, file=self.process.stdin, flush=True)
        return self.reply()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def difference(ours, theirs):
    """Relative, of unit rows for features."""
    name = "features" if "features" in ours else "gradient"
    a, b = ours[name].double(), theirs[name].double()
    if name == "features":
        a, b = (torch.nn.functional.normalize(x, dim=-1) for x in (a, b))
    return ((a - b).norm() / b.norm()).item()


class Model:
    """One architecture as a folder for mao and as a module."""

    def __init__(self, builder, name, folder, images):
        self.name, self.folder = name, folder
        model, config, kind = builder.build(name, 0)
        tokens = builder.tokens_of(name, config, kind, folder)
        builder.write_hub(model, config, folder)
        draw = torch.Generator().manual_seed(1)
        size = model.visual.image_size
        size = size if isinstance(size, int) else size[0]
        width = context_gradient.token_embedding(model).weight.shape[1]
        given = {"pixels": torch.randn(images, 3, size, size, generator=draw), "context": 0.5 * torch.randn(LEARNED, width, generator=draw),
                 "images": torch.randn(FEATURES, config["embed_dim"], generator=draw)}
        save_file(given, str(folder / "input.safetensors"))
        (folder / "names.txt").write_text("\n".join(NAMES) + "\n")
        self.peer = Peer(model.requires_grad_(False), tokens, 0 if kind in ("siglip", "siglip2") else 1, given)

    def ours(self, options, precision):
        command = [options.program, self.folder, self.folder / "names.txt", self.folder / "input.safetensors", precision]
        return Ours([str(part) for part in command + ([options.vocabulary] if options.vocabulary else [])], self.folder)


def check(name, work, ours, theirs):
    error = difference(ours, theirs)
    if not error <= TOLERANCE:
        raise SystemExit(f"families.py: {name}, {work}: mao's fp32 differs from open_clip by {error:.1e}")
    return error


def time_works(model, options):
    sides = {"open_clip": model.peer, "fp32": model.ours(options, "fp32"), "bf16": model.ours(options, "bf16")}
    for work in ("image", "text"):
        seconds, values = {side: [] for side in sides}, {}
        for _ in range(options.rounds + 1):  # the first is a warm-up
            for side, program in sides.items():
                spent, values[side] = program.timed(work)
                seconds[side].append(spent)
        error = check(model.name, work, values["fp32"], values["open_clip"])
        best = {side: min(spent[1:]) for side, spent in seconds.items()}
        print(f"| {model.name} | {work} | {best['open_clip']:.3g} s | {best['fp32']:.3g} s | {best['open_clip'] / best['fp32']:.3g}x | {best['bf16']:.3g} s | "
              f"{best['open_clip'] / best['bf16']:.3g}x | {error:.1e} | {difference(values['bf16'], values['open_clip']):.1e} |", flush=True)
    for side in ("fp32", "bf16"):
        sides[side].close()


def measure_memory(model, options):
    _, expected = model.peer.timed("image")
    model.peer = None
    gc.collect()
    for precision in ("fp32", "bf16"):
        program = model.ours(options, precision)
        seconds, values = program.timed("image")
        if precision == "fp32":
            check(model.name, "image", values, expected)
        after = program.asked("memory")
        gigabytes = [f"{size / 1024:.1f}" for size in (program.loaded["VmRSS"], program.loaded["RssAnon"], after["VmRSS"], after["RssAnon"], after["VmHWM"])]
        print(f"| {model.name} | {precision} | {' | '.join(gigabytes)} | {seconds:.3g} s | {difference(values, expected):.1e} |", flush=True)
        program.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--builder", required=True, help="peer_models.py")
    parser.add_argument("--program", required=True, help="mao-families")
    parser.add_argument("--vocabulary", default="", help="CLIP's merges")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", action="store_true", help="resident memory instead of time")
    parser.add_argument("--only", nargs="*", default=CASES)
    options = parser.parse_args()
    torch.set_num_threads(1)
    builder = context_gradient.load_builder(options.builder)
    full_depth(builder)
    if options.memory:
        print("| model | precision | loaded | own | after 2 images | own | at most | CPU | differs |\n|---|---|---|---|---|---|---|---|---|")
    else:
        print("| model | work | open_clip | fp32 | | bf16 | | fp32 differs | bf16 differs |\n|---|---|---|---|---|---|---|---|---|")
    for name in options.only:
        torch.manual_seed(0)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="families-"))
        try:
            model = Model(builder, name, folder, 2 if options.memory else IMAGES)
            (measure_memory if options.memory else time_works)(model, options)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
