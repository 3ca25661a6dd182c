#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is the gradient of CoOp's context through mao's text towers that of PyTorch autograd over the peer's own module?

    cmake --build build/release --target mao-context-gradient
    PYTHON benchmarks/context_gradient.py --builder peer_models.py --program build/release/bin/mao-context-gradient [--vocabulary FILE]

PYTHON has torch, open_clip, timm, transformers and sentencepiece; `peer_models.py` builds each architecture of open_clip at two layers a
tower with random weights and writes it as its hub does. The context takes the place of the first four tokens of "a photo of a NAME." by a
hook on the peer's token embedding; the loss is the cross entropy of scaled cosines to random image features. The reference is computed in
double precision; the last column is the peer's own fp32 gradient against it.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file, save_file

NAMES = ["golden retriever", "tabby cat", "fire truck", "mountain", "annual crop land", "aircraft"]
CASES = ["ViT-B-32", "ViT-B-16-quickgelu", "ViT-H-14", "RN50", "MobileCLIP-B", "MobileCLIP2-L-14", "PE-Core-B-16", "vit_medium_patch16_gap_256",
         "ViT-B-16-SigLIP", "ViT-SO400M-14-SigLIP-384", "ViT-B-16-SigLIP2", "ViT-gopt-16-SigLIP2-256", "CLIPModel", "SiglipModel",
         "BiomedCLIP"]
LEARNED, IMAGES = 4, 8


def load_builder(path):
    spec = importlib.util.spec_from_file_location("peer_models", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.PROMPTS = [f"a photo of a {name}." for name in NAMES]
    return module


class HuggingFace:
    """A model of transformers with the two members that are used of open_clip's."""

    def __init__(self, model):
        self.model = model
        self.token_embedding = model.text_model.embeddings.token_embedding

    @property
    def logit_scale(self):
        return self.model.logit_scale

    def encode_text(self, tokens):
        features = self.model.get_text_features(input_ids=tokens)
        return features if torch.is_tensor(features) else features.pooler_output

    def double(self):
        return HuggingFace(self.model.double())


def siglip_model():
    from transformers import SiglipConfig, SiglipModel
    vision = dict(hidden_size=96, intermediate_size=200, num_hidden_layers=2, num_attention_heads=3, image_size=32, patch_size=16)
    text = dict(hidden_size=96, intermediate_size=200, num_hidden_layers=2, num_attention_heads=3, vocab_size=200, projection_size=96)
    return SiglipModel(SiglipConfig(text_config=text, vision_config=vision))


def siglip_tokens(builder, folder):
    """Rows of a small spiece.model that begins words with a mark, as SigLIP's does. Its SiglipTokenizer needs protobuf, so this does its steps."""
    import sentencepiece
    clean = builder.get_clean_fn("canonicalize")
    text = folder / "corpus.txt"
    text.write_text("\n".join(clean(prompt) for prompt in builder.PROMPTS * 30) + "\n")
    sentencepiece.SentencePieceTrainer.train(input=str(text), model_prefix=str(folder / "spiece"), vocab_size=120, pad_id=0, eos_id=1, unk_id=2,
                                             bos_id=-1, hard_vocab_limit=False, minloglevel=2)
    text.unlink()
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spiece.model"))
    rows = [pieces.encode(clean(prompt))[:63] + [1] for prompt in builder.PROMPTS]
    return torch.tensor([row + [1] * (64 - len(row)) for row in rows])


def hugging_face(builder, name, seed, folder):
    """The model in its folder, the tokens of the prompts, its kind, and the width of its features."""
    if name == "SiglipModel":
        model = builder.spread(siglip_model(), seed)
        tokens = siglip_tokens(builder, folder)
        settings = {"tokenizer_class": "SiglipTokenizer", "eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>", "do_lower_case": True}
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    else:
        model = builder.spread(builder.hf_clip(), seed)
        tokens = builder.open_clip.SimpleTokenizer()(builder.PROMPTS)
    model.save_pretrained(folder)
    return HuggingFace(model.eval()), tokens, "siglip" if name == "SiglipModel" else "vit", 96 if name == "SiglipModel" else 64


BIOMED = {"embed_dim": 512,
          "vision_cfg": {"timm_model_name": "vit_base_patch16_224", "timm_model_pretrained": False, "timm_pool": "", "timm_proj": "linear", "image_size": 224},
          "text_cfg": {"hf_model_name": "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract",
                       "hf_tokenizer_name": "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract", "hf_proj_type": "mlp",
                       "hf_pooler_type": "cls_last_hidden_state_pooler", "context_length": 256}}


def word_pieces(builder):
    """A vocabulary of BERT's kind: letters, digits, punctuation, and the words of some prompts whole or in two pieces."""
    characters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = sorted({word for prompt in builder.PROMPTS for word in re.findall("[a-z]+", prompt.lower())})
    halves = {half for word in words[1::2] if len(word) > 3 for half in (word[:3], "##" + word[3:])}
    pieces = list(characters) + ["##" + character for character in characters] + list(".,-'") + words[::2] + sorted(halves)
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list(dict.fromkeys(pieces))


def biomed_clip(builder, seed, folder):
    """BiomedCLIP's architecture. Its BERT is made from BertConfig's defaults, which are that of its config.json; depth and vocabulary are small."""
    from open_clip.hf_model import HFTextEncoder
    from open_clip.model import CustomTextCLIP
    from open_clip.tokenizer import HFTokenizer
    from transformers import BertConfig, BertModel
    vocabulary = word_pieces(builder)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    config, text = BertConfig(num_hidden_layers=2, vocab_size=len(vocabulary)), BIOMED["text_cfg"]
    encoder = HFTextEncoder("", BIOMED["embed_dim"], config=config, pooler_type=text["hf_pooler_type"], proj_type=text["hf_proj_type"])
    encoder.transformer = BertModel(config, add_pooling_layer=False)  # as open_clip makes it of a name
    builder.timm.create_model = builder.shallow
    try:
        model = CustomTextCLIP(BIOMED["embed_dim"], BIOMED["vision_cfg"], {"layers": 1, "width": 64, "heads": 1})
    finally:
        builder.timm.create_model = builder._create
    model.text = encoder
    model = builder.spread(model, seed)
    tokens = HFTokenizer(str(folder), context_length=text["context_length"])(builder.PROMPTS)
    builder.write_hub(model, BIOMED, folder)
    return model, tokens, "bert", BIOMED["embed_dim"]


def of_open_clip(builder, name, seed, folder):
    if name == "BiomedCLIP":
        return biomed_clip(builder, seed, folder)
    model, config, kind = builder.build(name, seed)
    tokens = builder.tokens_of(name, config, kind, folder)
    builder.write_hub(model, config, folder)
    return model, tokens, kind, config["embed_dim"]


def token_embedding(model):
    if hasattr(model, "text") and hasattr(model.text, "proj"):
        return model.text.transformer.embeddings.word_embeddings
    return (model.text if hasattr(model, "text") else model).token_embedding


def loss_and_gradient(model, tokens, context, images, first):
    """With the context in place of tokens first .. first + n - 1 of every row."""
    context = context.clone().requires_grad_(True)

    def replaced(module, args, output):
        rows = context.expand(output.shape[0], -1, -1)
        return torch.cat([output[:, :first], rows, output[:, first + len(context):]], 1)

    hook = token_embedding(model).register_forward_hook(replaced)
    try:
        text = torch.nn.functional.normalize(model.encode_text(tokens), dim=-1)
    finally:
        hook.remove()
    logits = model.logit_scale.exp() * torch.nn.functional.normalize(images, dim=-1) @ text.T
    loss = torch.nn.functional.cross_entropy(logits, torch.arange(len(images)) % len(NAMES))
    loss.backward()
    return loss.item(), context.grad


def relative(value, reference):
    return ((value.double() - reference).norm() / reference.norm()).item()


# Case, accents, HTML references, white space, punctuation and Chinese characters, which each tokenizer treats in its own way.
HOSTILE = ["A photo of a Fire-Truck, r\u00e9d.", "caf\u00e9 &amp; tabby\u00a0cat", "  Grade II   GLIOMA\t(WHO 2021) ", "\u80ba photo \u201cquoted\u201d", "x" * 120 + " cat"]


def compare_features(builder, model, mao, folder, seed):
    """Features of BiomedCLIP by `mao encode` beside the peer's, of two pictures and of plain and hostile texts: a verdict and the differences."""
    from open_clip.tokenizer import HFTokenizer
    from open_clip.transform import PreprocessCfg, image_transform_v2
    pictures = builder.images(folder, seed)
    prepare = image_transform_v2(PreprocessCfg(**builder.open_clip.get_model_preprocess_cfg(model)), is_train=False)
    usual = builder.PROMPTS
    builder.PROMPTS = usual + HOSTILE
    try:
        with torch.no_grad():
            images = model.encode_image(torch.stack([prepare(builder.Image.open(picture).convert("RGB")) for picture in pictures]))
            texts = model.encode_text(HFTokenizer(str(folder), context_length=BIOMED["text_cfg"]["context_length"])(builder.PROMPTS))
        return builder.judge(mao, folder, pictures, images, texts)
    finally:
        builder.PROMPTS = usual


def run(builder, name, program, vocabulary, seed, mao):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gradient-"))
    try:
        make = hugging_face if name.endswith("Model") else of_open_clip
        model, tokens, kind, features = make(builder, name, seed, folder)
        draw = torch.Generator().manual_seed(seed + 1)
        width = token_embedding(model).weight.shape[1]
        context = 0.5 * torch.randn(LEARNED, width, generator=draw)
        images = torch.randn(IMAGES, features, generator=draw)
        save_file({"context": context, "images": images}, str(folder / "input.safetensors"))
        (folder / "names.txt").write_text("\n".join(NAMES) + "\n")
        command = [program, str(folder), str(folder / "input.safetensors"), str(folder / "names.txt"), str(folder / "output.safetensors")]
        done = subprocess.run(command + ([vocabulary] if vocabulary else []), capture_output=True, text=True,
                              env={**os.environ, "OMP_NUM_THREADS": "1"})
        if done.returncode:
            return None, (done.stderr.strip() or f"exit status {done.returncode}")
        ours = load_file(str(folder / "output.safetensors"))
        verdict, compared = compare_features(builder, model, mao, folder, seed) if mao and kind == "bert" else ("right", "")
        if verdict != "right":
            return None, f"{verdict}: {compared}"
        first = 0 if kind in ("siglip", "siglip2") else 1
        _, single = loss_and_gradient(model, tokens, context, images, first)
        loss, reference = loss_and_gradient(model.double(), tokens, context.double(), images.double(), first)
        own = relative(ours["gradient"], reference)
        return own, (f"loss {abs(ours['loss'].item() - loss):.1e} gradient {own:.1e} "
                     f"(of norm {reference.norm().item():.2e}; peer in fp32 {relative(single, reference):.1e}) {compared}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--builder", required=True, help="peer_models.py")
    parser.add_argument("--program", required=True, help="mao-context-gradient")
    parser.add_argument("--vocabulary", default="", help="CLIP's merges")
    parser.add_argument("--mao", default="", help="mao, to compare the features of BiomedCLIP, which peer_models.py does not build, too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=CASES)
    options = parser.parse_args()
    torch.set_num_threads(1)
    builder = load_builder(options.builder)
    failed = False
    for name in options.only:
        torch.manual_seed(options.seed)
        difference, text = run(builder, name, options.program, options.vocabulary, options.seed, options.mao)
        wrong = difference is None or not difference <= 1e-4
        failed = failed or wrong
        print(f"{'WRONG' if wrong else 'right':6} {name:30} {text}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
