#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the Python of docs/guides/all-classes.md on the heads that the program exports, and compares it with `mao predict`.

usage: tests/docs/joined_weights.py MAO RENDER

RENDER is the program that writes the pictures of the embedded tasks. Needs PyTorch and safetensors; without them it is skipped.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import torch
    from safetensors.torch import load_file
except ImportError:
    print("skipped: PyTorch or safetensors for Python is not installed")
    sys.exit(0)


def read_probabilities(features):
    # [python]
    head, names = load_file("head.safetensors"), open("head.classes.txt").read().splitlines()
    features = features / features.norm(dim=-1, keepdim=True)
    own = head["logit_scale"] * features @ head["weight"].T
    mass = head["logit_scale"] * features @ head["gate.classes"].T
    groups, first = [head["group"] == g for g in range(int(head["group"].max()) + 1)], len(head["gate.bias"])
    masses = torch.stack([mass[:, g].logsumexp(-1) for g in groups], -1)
    shares = head["gate.share"] * masses[:, :first].log_softmax(-1)
    gate = (features @ head["gate.weight"].T + head["gate.bias"] + shares).log_softmax(-1)
    for i, share in enumerate(head["added.share"]):  # groups of `mao add`
        pair = torch.stack([masses[:, :first + i].logsumexp(-1), masses[:, first + i]], -1).log_softmax(-1)
        pair = (features @ head["added.weight"][i].T + head["added.bias"][i] + share * pair).log_softmax(-1)
        gate = torch.cat([gate + pair[:, :1], pair[:, 1:]], -1)
    probabilities = torch.zeros_like(own)
    for i, g in enumerate(groups):
        probabilities[:, g] = own[:, g].softmax(-1) * gate[:, i:i + 1].exp()
    # [end]
    return names, probabilities


def main(mao, render):
    with tempfile.TemporaryDirectory() as folder:
        run = lambda *words: subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout
        run(render, "sketch", "pictures")
        picture = str(min(pathlib.Path(folder, "pictures").rglob("*.png")))
        run(mao, "tune", "--data", "sketch", "--recipe", "all-classes", "--shots", "4", "--epochs", "1", "--new-epochs", "1",
            "--seeds", "1", "--quiet", "--out", "run")
        added = "added.prompts.safetensors"
        run(mao, "add", "run", "--classes", "purple zebra", "--out", added)
        run(mao, "encode", "--images", picture, "--out", "picture.safetensors")
        features = load_file(pathlib.Path(folder, "picture.safetensors"))["image_features"]
        compared = 0
        for prompts in ("run/seed1/joined.prompts.safetensors", added):
            run(mao, "export", "head.safetensors", "--prompts", prompts)
            guesses = json.loads(run(mao, "predict", picture, "--prompts", prompts, "--json", "--top", "100"))[0]["top"]
            os.chdir(folder)
            names, probabilities = read_probabilities(features)
            os.chdir("/")
            assert len(names) == len(guesses), (len(names), len(guesses))
            for guess in guesses:
                found = probabilities[0, names.index(guess["class"])].item()
                assert abs(found - guess["probability"]) < 1e-5, (prompts, guess, found)
                compared += 1
    print(f"{compared} probabilities agree with mao predict")


if __name__ == "__main__":
    main(*sys.argv[1:])
