#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does CoOp over BiomedCLIP learn what the CoOp arm of BiomedCoOp's public code learns?

    git clone https://github.com/HealthX-Lab/BiomedCoOp
    cmake --build build/release --target mao-context-gradient
    PYTHON benchmarks/biomed_coop.py --reference BiomedCoOp --builder peer_models.py --program build/release/bin/mao-context-gradient

PYTHON has torch, open_clip, timm and transformers. The reference runs its own PromptLearner and CustomCLIP (trainers/CoOp/coop_biomedclip.py) and its own
text encoder (its fork of open_clip) over BiomedCLIP's architecture at two layers a tower with random weights, for six steps of its optimizer: SGD with momentum
0.9, weight decay 5e-4, one step at the warm-up rate 1e-5, then a cosine from 0.002. The same steps are taken with the gradients of mao. dassl, which is not
needed for that, is replaced by empty classes. Per step: both losses, and how far the gradients differ relative to the largest entry.
"""
import argparse
import importlib.util
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import types

import torch
from safetensors.torch import load_file, save_file

import context_gradient

STEPS, BATCH, RATE, WARM_UP = 6, 8, 0.002, 1e-5
# What may differ: gradients relative to the largest entry, the context after six steps relative to how far it moved.
GRADIENT, CONTEXT = 1e-4, 1e-3


def loaded(name, path, folder=False):
    where = [str(path.parent)] if folder else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=where)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def reference_modules(root):
    """The fork of open_clip and the trainer, without dassl."""
    fork = loaded("open_clip.src.open_clip", root / "open_clip" / "src" / "open_clip" / "__init__.py", folder=True)
    registry = types.SimpleNamespace(register=lambda: lambda trainer: trainer)
    parts = {"dassl": {}, "dassl.engine": {"TRAINER_REGISTRY": registry, "TrainerX": object}, "dassl.metrics": {"compute_accuracy": None},
             "dassl.utils": {"load_pretrained_weights": None, "load_checkpoint": None}, "dassl.optim": {"build_optimizer": None, "build_lr_scheduler": None}}
    for name, members in parts.items():
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(members)
    return fork, loaded("biomed_trainer", root / "trainers" / "CoOp" / "coop_biomedclip.py")


def reference_model(builder, fork, trainer, seed, folder):
    """CustomCLIP of the trainer over the model that `folder` gets, with the classes of the fork."""
    from open_clip.tokenizer import HFTokenizer
    from transformers import BertModel
    model, _, _, _ = context_gradient.biomed_clip(builder, seed, folder)
    text = context_gradient.BIOMED["text_cfg"]
    own = fork.CustomTextCLIP(512, {"layers": 1, "width": 64, "patch_size": 112}, {"layers": 1, "width": 64, "heads": 1})
    own.text = fork.hf_model.HFTextEncoder("", 512, config=model.text.config, pooler_type=text["hf_pooler_type"], proj_type=text["hf_proj_type"])
    own.text.transformer = BertModel(model.text.config, add_pooling_layer=False)
    own.visual = model.visual
    own.load_state_dict(model.state_dict())
    trainer.get_tokenizer = lambda name: HFTokenizer(str(folder), context_length=text["context_length"])
    coop = types.SimpleNamespace(N_CTX=4, CTX_INIT="a photo of a", CSC=False, CLASS_TOKEN_POSITION="end", PREC="fp32")
    settings = types.SimpleNamespace(TRAINER=types.SimpleNamespace(COOP=coop), INPUT=types.SimpleNamespace(SIZE=(224, 224)))
    custom = trainer.CustomCLIP(settings, context_gradient.NAMES, own.eval())
    for name, parameter in custom.named_parameters():
        parameter.requires_grad_("prompt_learner" in name)
    return custom


def rate(step):
    return WARM_UP if step == 0 else 0.5 * RATE * (1 + math.cos(math.pi * step / STEPS))


def optimizer(parameter):
    return torch.optim.SGD([parameter], lr=RATE, momentum=0.9, weight_decay=5e-4)


def our_gradient(program, folder, context, features):
    save_file({"context": context.detach().clone(), "images": features}, str(folder / "input.safetensors"))
    files = [str(folder), str(folder / "input.safetensors"), str(folder / "names.txt"), str(folder / "output.safetensors")]
    done = subprocess.run([program, *files], capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    if done.returncode:
        sys.exit(done.stderr.strip() or f"{program}: exit status {done.returncode}")
    output = load_file(str(folder / "output.safetensors"))
    return output["loss"].item(), output["gradient"]


def trace(builder, options, folder):
    """Whether all steps agree."""
    fork, trainer = reference_modules(pathlib.Path(options.reference))
    custom = reference_model(builder, fork, trainer, options.seed, folder)
    (folder / "names.txt").write_text("\n".join(context_gradient.NAMES) + "\n")
    theirs, draw = custom.prompt_learner.ctx, torch.Generator().manual_seed(options.seed + 1)
    start = theirs.detach().clone()
    ours = torch.nn.Parameter(start.clone())
    steppers, right = (optimizer(theirs), optimizer(ours)), True
    labels = torch.arange(BATCH) % len(context_gradient.NAMES)
    for step in range(STEPS):
        pixels = torch.randn(BATCH, 3, 224, 224, generator=draw)
        loss = torch.nn.functional.cross_entropy(custom(pixels), labels)
        theirs.grad = None
        loss.backward()
        with torch.no_grad():
            features = custom.image_encoder(pixels)
        our_loss, ours.grad = our_gradient(options.program, folder, ours, features)
        difference = ((ours.grad - theirs.grad).abs().max() / theirs.grad.abs().max()).item()
        right = right and difference <= GRADIENT
        print(f"step {step}: loss {loss.item():.6f} and {our_loss:.6f}, gradient {difference:.1e}", flush=True)
        for stepper in steppers:
            stepper.param_groups[0]["lr"] = rate(step)
            stepper.step()
    moved, apart = (theirs - start).abs().max().item(), (ours - theirs).abs().max().item()
    print(f"context after {STEPS} steps: {moved:.1e} from its start, {apart:.1e} apart")
    return right and apart <= CONTEXT * moved


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True, help="a clone of BiomedCoOp")
    parser.add_argument("--builder", required=True, help="peer_models.py")
    parser.add_argument("--program", required=True, help="mao-context-gradient")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="biomed-"))
    try:
        right = trace(context_gradient.load_builder(options.builder), options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("right" if right else "WRONG")
    sys.exit(not right)


if __name__ == "__main__":
    main()
