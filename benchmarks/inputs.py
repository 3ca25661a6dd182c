#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What both sides of the benchmarks read, made once in build/bench/inputs: a random CLIP ViT-B/16 with OpenAI's names,
class names, photographs of noise, their pixels, and image features.

    build/bench/venv/bin/python benchmarks/inputs.py --vocabulary FILE
"""
import argparse
import pathlib

import numpy as np
from PIL import Image

import safetensors_file
from class_names import class_names
from reference import images
from reference.tokens import Tokenizer

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "build/bench/inputs"
CLASSES = [5, 51, 98, 250, 500, 1000]
IMAGES = 32


def block(rng, prefix, width, layers):
    """One residual block with the deviations of CLIP's initialisation."""
    spread, narrow = width ** -0.5, width ** -0.5 * (2 * layers) ** -0.5
    normal = lambda *shape, deviation: (rng.standard_normal(shape, np.float32) * np.float32(deviation))
    zeros, ones = lambda *shape: np.zeros(shape, np.float32), lambda *shape: np.ones(shape, np.float32)
    tensors = {"attn.in_proj_weight": normal(3 * width, width, deviation=spread), "attn.in_proj_bias": zeros(3 * width),
               "attn.out_proj.weight": normal(width, width, deviation=narrow), "attn.out_proj.bias": zeros(width),
               "mlp.c_fc.weight": normal(4 * width, width, deviation=(2 * width) ** -0.5),
               "mlp.c_fc.bias": zeros(4 * width),
               "mlp.c_proj.weight": normal(width, 4 * width, deviation=narrow), "mlp.c_proj.bias": zeros(width)}
    for norm in ("ln_1", "ln_2"):
        tensors[f"{norm}.weight"], tensors[f"{norm}.bias"] = ones(width), zeros(width)
    return {prefix + name: value for name, value in tensors.items()}


def random_clip(seed=1, vision=(768, 12, 16, 14), text=(512, 12, 77, 49408), embed=512):
    """All tensors of a ViT-B/16."""
    rng = np.random.default_rng(seed)
    (width, layers, patch, grid), (text_width, text_layers, context, vocabulary) = vision, text
    normal = lambda *shape, deviation: (rng.standard_normal(shape, np.float32) * np.float32(deviation))
    tensors = {
        "visual.conv1.weight": normal(width, 3, patch, patch, deviation=(3 * patch * patch) ** -0.5),
        "visual.class_embedding": normal(width, deviation=width ** -0.5),
        "visual.positional_embedding": normal(grid * grid + 1, width, deviation=width ** -0.5),
        "visual.proj": normal(width, embed, deviation=width ** -0.5),
        "token_embedding.weight": normal(vocabulary, text_width, deviation=0.02),
        "positional_embedding": normal(context, text_width, deviation=0.01),
        "text_projection": normal(text_width, embed, deviation=text_width ** -0.5),
        "logit_scale": np.array(np.log(100), np.float32)}
    for norm, size in (("visual.ln_pre", width), ("visual.ln_post", width), ("ln_final", text_width)):
        tensors[f"{norm}.weight"], tensors[f"{norm}.bias"] = np.ones(size, np.float32), np.zeros(size, np.float32)
    for i in range(layers):
        tensors |= block(rng, f"visual.transformer.resblocks.{i}.", width, layers)
    for i in range(text_layers):
        tensors |= block(rng, f"transformer.resblocks.{i}.", text_width, text_layers)
    return tensors


def photograph(seed, width=667, height=500):
    """Noise of all scales, coarse ones strongest, as in photographs: JPEGs of about 70 KB."""
    rng, total = np.random.default_rng(seed), np.zeros((height, width, 3), np.float32)
    for step in (250, 100, 40, 16, 6, 2):
        coarse = rng.integers(0, 256, (height // step + 2, width // step + 2, 3), np.uint8)
        layer = np.asarray(Image.fromarray(coarse).resize((width, height), Image.BICUBIC), np.float32)
        total += (layer - 128) * step ** 0.6
    total = 128 + total * (50 / total.std())
    return Image.fromarray(np.clip(total, 0, 255).astype(np.uint8))


def write_photographs(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(IMAGES):
        photograph(i).save(folder / f"{i:02}.jpg", quality=93)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vocabulary", required=True, help="bpe_simple_vocab_16e6.txt.gz")
    arguments = parser.parse_args()
    done = FOLDER / "done"
    if done.exists():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(arguments.vocabulary)
    for count in CLASSES:
        (FOLDER / f"names-{count}.txt").write_text("\n".join(class_names(count, tokenizer)) + "\n")
    safetensors_file.write(FOLDER / "clip.safetensors", random_clip())
    write_photographs(FOLDER / "photographs")
    pixels = np.stack([images.evaluation_view(images.read(path)).numpy()
                       for path in sorted((FOLDER / "photographs").glob("*.jpg"))])
    rng = np.random.default_rng(2)
    safetensors_file.write(FOLDER / "images.safetensors",
                           {"pixels": pixels, "features": rng.standard_normal((IMAGES, 512), np.float32)})
    (FOLDER / "vocabulary").write_text(str(pathlib.Path(arguments.vocabulary).resolve()))
    done.touch()


if __name__ == "__main__":
    main()
