# SPDX-License-Identifier: Apache-2.0
"""Runs the reference's cases on demand: one JSON object a line in, one out. Started by benchmarks/ratios.py.

    {"case": "coop", "classes": 51}                  one step; CPU and wall seconds, peak memory
    {"case": ..., "start": FILE, "values": FILE}     the same from given parameters; loss, features, gradients to a file
"""
import functools
import json
import pathlib
import sys

import numpy as np
import torch

import safetensors_file
from reference import clip, images, methods
from reference.measure import Measured, saved_bytes
from reference.tokens import Tokenizer

INPUTS = pathlib.Path(__file__).resolve().parent.parent.parent / "build/bench/inputs"
METHODS = {"maple": methods.Maple, "promptsrc": methods.PromptSrc}


@functools.cache
def model():
    return clip.load(safetensors_file.read(INPUTS / "clip.safetensors"))


@functools.cache
def tokenizer():
    return Tokenizer((INPUTS / "vocabulary").read_text())


@functools.cache
def names(classes):
    return (INPUTS / f"names-{classes}.txt").read_text().split("\n")[:classes]


@functools.cache
def inputs():
    return {name: torch.from_numpy(value) for name, value in safetensors_file.read(INPUTS / "images.safetensors").items()}


@functools.cache
def photographs():
    return sorted((INPUTS / "photographs").glob("*.jpg"))


@functools.cache
def method(kind, classes):
    return METHODS.get(kind, methods.Coop)(model(), tokenizer(), names(classes))


@functools.cache
def optimizer(of):
    return torch.optim.SGD(of.parameters(), lr=1e-5, momentum=0.9, weight_decay=5e-4)


@functools.cache
def zero_shot_text(classes):
    ids = method("coop", classes).prompt_learner.ids
    with torch.no_grad():
        return methods.unit(model().encode_text(ids))


def labels(classes, count=32):
    """Of the images; different ones while there are enough classes. Both sides have this rule."""
    return torch.arange(count) * 7 % classes


def loss_of(case, of, classes, pixels):
    if case == "text":
        return of.text_loss(inputs()["features"], labels(classes))
    if case == "text_subset":
        return of.text_subset_loss(inputs()["features"], labels(classes))
    if case == "mao":
        return of.regularised_loss(pixels, labels(classes))
    if case == "mao_new":
        return of.pseudo_labelled_loss(pixels, zero_shot_text(classes))
    return of.loss(pixels, labels(classes))


def step(case, classes):
    """A training step: loss, gradients, SGD."""
    of = method(case, classes)
    loss = loss_of(case, of, classes, inputs()["pixels"])
    optimizer(of).zero_grad()
    loss.backward()
    if not case.startswith("text"):
        optimizer(of).step()
    return loss.item()


def encode_images(count):
    with torch.no_grad():
        return model().visual(inputs()["pixels"][torch.arange(count) % 32])


def zero_shot(classes, count=100):
    """One batch of a test as Dassl runs it: the prompts of all classes are encoded along with the images."""
    ids = method("coop", classes).prompt_learner.ids
    with torch.no_grad():
        text = methods.unit(model().encode_text(ids))
        return methods.unit(encode_images(count)) @ text.t() * model().logit_scale.exp()


def load_images(boxes=None):
    """Read, decode, augment: [32, 3, 224, 224]."""
    boxes = boxes or [(None, None)] * len(photographs())
    return torch.stack([images.augmented(images.read(path), *box) for path, box in zip(photographs(), boxes)])


def work(request):
    case, classes = request["case"], request.get("classes", 51)
    if case == "image":
        return encode_images(request.get("images", 32))
    if case == "zero_shot":
        return zero_shot(classes)
    if case == "decode":
        boxes = request.get("boxes")
        return load_images(boxes and [(tuple(box[:4]), bool(box[4])) for box in boxes])
    return step(case, classes)


def prepare(request):
    """Whatever is made once in a run is not part of a step."""
    case, classes = request["case"], request.get("classes", 51)
    inputs(), photographs()
    if case in ("image", "decode"):
        return model()
    of = method(case, classes)
    if case == "mao_new":
        zero_shot_text(classes)
    if "start" in request:
        rename = getattr(of, "name_of", lambda name: name)
        start = safetensors_file.read(request["start"])
        with torch.no_grad():
            for name, parameter in of.named_parameters():
                parameter.copy_(torch.from_numpy(start[rename(name)]))
    return of


def values(request, result):
    """What the other side is compared with."""
    if torch.is_tensor(result):
        return {"features": result.numpy()}
    of = method(request["case"], request.get("classes", 51))
    rename = getattr(of, "name_of", lambda name: name)
    arrays = {"grad." + rename(name): parameter.grad.numpy() for name, parameter in of.named_parameters()}
    return arrays | {"loss": np.array(result, np.float32)}


def answer(request):
    if request["case"] == "saved":
        of = method("coop", request.get("classes", 51))
        frozen = [*model().parameters(), *inputs().values()]
        return {"bytes": saved_bytes(lambda: loss_of("text", of, 51, None), frozen)}
    prepare(request)
    with Measured() as measured:
        result = work(request)
    if "values" in request:
        safetensors_file.write(request["values"], values(request, result))
    return {"cpu": measured.cpu, "wall": measured.wall, "peak_mb": measured.peak_mb}


def main():
    torch.set_num_threads(1)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except (RuntimeError, MemoryError, OSError, KeyError) as error:  # said to whoever asked, who goes on without it
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
