#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Zero-shot inference on a CPU: mao beside open_clip and transformers, the same random ViT-B/16, one thread.

Run by `scripts/bench zero-shot`. Features are compared with mao's before anything is timed. Images and class prompts a
second, the best of the rounds, alternately; the texts are those of 51 classes, padded to 77 tokens as the two do it.
"""
import argparse
import logging
import time

import numpy as np
import open_clip
import torch
import transformers

import safetensors_file
import servers
from reference.tokens import Tokenizer

BATCH, CLASSES = 32, 51
TOLERANCE = 1e-4


def hugging_face_names(weights):
    """OpenAI's tensors under the names of transformers."""
    result = {"logit_scale": weights["logit_scale"], "visual_projection.weight": weights["visual.proj"].T,
              "text_projection.weight": weights["text_projection"].T,
              "vision_model.embeddings.patch_embedding.weight": weights["visual.conv1.weight"],
              "vision_model.embeddings.class_embedding": weights["visual.class_embedding"],
              "vision_model.embeddings.position_embedding.weight": weights["visual.positional_embedding"],
              "text_model.embeddings.token_embedding.weight": weights["token_embedding.weight"],
              "text_model.embeddings.position_embedding.weight": weights["positional_embedding"]}
    norms = {"visual.ln_pre": "vision_model.pre_layrnorm", "visual.ln_post": "vision_model.post_layernorm",
             "ln_final": "text_model.final_layer_norm"}
    for ours, theirs in norms.items():
        result |= {f"{theirs}.{kind}": weights[f"{ours}.{kind}"] for kind in ("weight", "bias")}
    for prefix, tower in (("visual.transformer", "vision_model"), ("transformer", "text_model")):
        for i in range(12):
            block, layer = f"{prefix}.resblocks.{i}.", f"{tower}.encoder.layers.{i}."
            for kind in ("weight", "bias"):
                for part, rows in zip("qkv", np.split(weights[f"{block}attn.in_proj_{kind}"], 3)):
                    result[f"{layer}self_attn.{part}_proj.{kind}"] = rows
                for ours, theirs in (("attn.out_proj", "self_attn.out_proj"), ("ln_1", "layer_norm1"),
                                     ("ln_2", "layer_norm2"), ("mlp.c_fc", "mlp.fc1"), ("mlp.c_proj", "mlp.fc2")):
                    result[f"{layer}{theirs}.{kind}"] = weights[f"{block}{ours}.{kind}"]
    return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in result.items()}


class OpenClip:
    def __init__(self, weights):
        self.model = open_clip.create_model("ViT-B-16-quickgelu").eval()
        self.model.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()}, strict=False)

    def images(self, pixels):
        return self.model.encode_image(pixels)

    def text(self, ids):
        return self.model.encode_text(ids)


class Transformers:
    def __init__(self, weights):
        text = {"hidden_act": "quick_gelu", "eos_token_id": 49407}
        config = transformers.CLIPConfig(text_config=text, vision_config={"hidden_act": "quick_gelu", "patch_size": 16},
                                         projection_dim=512)
        self.model = transformers.CLIPModel(config).eval()
        self.model.load_state_dict(hugging_face_names(weights), strict=False)

    def images(self, pixels):
        return as_tensor(self.model.get_image_features(pixel_values=pixels))

    def text(self, ids):
        return as_tensor(self.model.get_text_features(input_ids=ids))


def as_tensor(output):
    """Version 5 wraps the features."""
    return output if torch.is_tensor(output) else output.pooler_output


class Python:
    """One of the two libraries in this process."""

    def __init__(self, library, weights, pixels, ids):
        self.library, self.pixels, self.ids = library(weights), pixels, ids

    def features(self):
        with torch.inference_mode():
            return self.library.images(self.pixels).numpy(), self.library.text(self.ids).numpy()

    def seconds(self):
        times = []
        with torch.inference_mode():
            for work, inputs in ((self.library.images, self.pixels), (self.library.text, self.ids)):
                begin = time.process_time()
                work(inputs)
                times.append(time.process_time() - begin)
        return times


class Mao:
    def __init__(self, server, precision):
        self.server = server
        self.requests = [{"case": "image", "images": BATCH, "precision": precision},
                         {"case": "class_texts", "classes": CLASSES, "precision": precision}]

    def features(self):
        arrays = []
        for request in self.requests:
            path = servers.ROOT / "build/bench/zero-shot.values"
            self.server.ask(**request, values=str(path))
            arrays.append(np.array(safetensors_file.read(path)["features"]))
        return arrays

    def seconds(self):
        return [self.server.ask(**request)["cpu"] for request in self.requests]


def error(features, expected):
    """Relative, of unit rows."""
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (features, expected)]
    return float(np.linalg.norm(unit[0] - unit[1]) / np.linalg.norm(unit[1]))


def sides(program):
    weights = safetensors_file.read(servers.INPUTS / "clip.safetensors")
    pixels = torch.from_numpy(safetensors_file.read(servers.INPUTS / "images.safetensors")["pixels"])[:BATCH]
    tokenizer = Tokenizer((servers.INPUTS / "vocabulary").read_text())
    names = (servers.INPUTS / f"names-{CLASSES}.txt").read_text().split("\n")[:CLASSES]
    ids = torch.tensor([tokenizer.row(f"a photo of a {name}.") for name in names])
    server = servers.ours(program)
    return {"mao fp32": Mao(server, "fp32"), "mao bf16": Mao(server, "bf16"),
            f"open_clip {open_clip.__version__}": Python(OpenClip, weights, pixels, ids),
            f"transformers {transformers.__version__}": Python(Transformers, weights, pixels, ids)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=servers.ROOT / "build/release/bin/mao-bench", help="mao's side")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)  # that no pretrained weights were asked for
    everything, expected, errors = sides(arguments.program), None, {}
    for name, side in list(everything.items()):
        try:
            features = side.features()
        except servers.CaseError as problem:
            print(f"{name}: {problem}", flush=True)
            del everything[name]
            continue
        expected = expected or features
        errors[name] = max(error(*pair) for pair in zip(features, expected))
        if errors[name] > TOLERANCE and "bf16" not in name:
            raise SystemExit(f"zero_shot.py: the features of {name} differ from mao's by {errors[name]:.1e}")
    best = {name: [np.inf, np.inf] for name in everything}
    for _ in range(arguments.rounds):
        for name, side in everything.items():
            best[name] = np.minimum(best[name], side.seconds())
    print("| | images/s | class prompts/s | features differ from mao fp32 |\n|---|---|---|---|")
    for name, (image, text) in best.items():
        print(f"| {name} | {BATCH / image:.2f} | {CLASSES / text:.1f} | {errors[name]:.1e} |", flush=True)


if __name__ == "__main__":
    main()
