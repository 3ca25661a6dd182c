#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the folder pieces: two small SentencePiece models, the tokenizer.json of each, and ids.json: texts and their ids by
the peers, without end token and padding.

Needs sentencepiece 0.2.3, tokenizers 0.23, transformers 5.24 and open_clip 3.3: make_pieces.py pieces
"""
import json
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import sentencepiece
from open_clip.tokenizer import HFTokenizer
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoTokenizer, T5Tokenizer
from transformers.convert_slow_tokenizer import generate_merges

THINGS = "cat dog red fox brown bear golden retriever fire truck annual crop land aircraft snow mountain".split()
CORPUS = [f"{how} {thing}{end}" for how in ("a photo of a", "a bad photo of the", "itap of my", "A centered photo of one")
          for thing in THINGS for end in (".", ",", " and another", "-like thing", "")] + ["größe café 日本 naïve"] * 9
# What the unigram model replaces: code points in, code points out.
RULES = [("\t", " "), ("\n", " "), ("\u00a0", " "), ("\u3000", " "), ("\u0001", ""), ("\u200b", " "), ("ﬁ", "fi"), ("½", "1⁄2"), ("e\u0301", "é"),
         ("\u00b4", " \u0301"), ("ａ", "a"), ("Ａ", "A"), ("…", "..."), ("\u212b", "\u00c5"), ("A\u030a", "\u00c5"), ("🇩", "D"), ("İ", "I\u0307")]  # fmt: skip
PARTS = ["cat", "Cat", "photo", "a photo of a", "red", "FOX", "größe", "café", "cafe\u0301", "日本", "日本語", "ﬁre", "½", "…", "A\u030a\u0323", "🇩🇪", "👩\u200d🚀",
         "e\u0301\u0302", "\u00b4", "\u00b4a", "İ", "ΟΔΟΣ", "ａ", "\u0001", "\u200b", "\u00a0", "\u3000", "\t", "\n", "  ", "▁", "▁▁", "_", "-", ".", "!?", "'s",
         "</s>", "<unk>", "<pad>", "<eos>", "<bos>", "<0x41>", "&amp;", "“x”", "1,000", "~", "x", "q", "zzz", "\x00", "नमस्ते", "각"]  # fmt: skip


def train(folder):
    rules = folder / "rules.tsv"
    points = lambda text: " ".join(f"{ord(c):X}" for c in text)
    rules.write_text("".join(f"{points(a)}\t{points(b)}\n" for a, b in RULES))
    text = folder / "text.txt"
    text.write_text("\n".join(CORPUS))
    common = dict(input=str(text), hard_vocab_limit=False, minloglevel=2, num_threads=1)
    sentencepiece.SentencePieceTrainer.train(model_prefix=str(folder / "unigram"), model_type="unigram", vocab_size=150, pad_id=0, eos_id=1,
                                             unk_id=2, bos_id=-1, normalization_rule_tsv=str(rules), **common)  # fmt: skip
    sentencepiece.SentencePieceTrainer.train(
        model_prefix=str(folder / "bpe"), model_type="bpe", vocab_size=370, pad_id=0, eos_id=1, bos_id=2, unk_id=3, eos_piece="<eos>", bos_piece="<bos>",
        byte_fallback=True, normalization_rule_name="identity", add_dummy_prefix=False, remove_extra_whitespaces=False, **common)  # fmt: skip
    for name in ("rules.tsv", "text.txt", "unigram.vocab", "bpe.vocab"):
        (folder / name).unlink()


def write_gemma(model, path):
    sp = sentencepiece.SentencePieceProcessor(model_file=str(model))
    ids = {sp.id_to_piece(i): i for i in range(sp.get_piece_size())}
    merges = generate_merges(ids, {piece: sp.get_score(i) for piece, i in ids.items()})
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=merges, fuse_unk=True, unk_token="<unk>", byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in ("<pad>", "<eos>", "<bos>", "<unk>")])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A <eos>", pair="$A <eos> $B <eos>", special_tokens=[("<eos>", 1)])
    path.write_text(tokenizer.to_str(pretty=False))


def folder_of(root, name, files, **config):
    folder = root / name
    folder.mkdir()
    for source, target in files:
        shutil.copy(source, folder / target)
    (folder / "config.json").write_text(json.dumps({"model_type": "siglip"}))
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


def main(out):
    out.mkdir(exist_ok=True)
    train(out)
    work = Path(tempfile.mkdtemp())
    write_gemma(out / "bpe.model", out / "gemma.json")
    spiece = folder_of(work, "spiece", [(out / "unigram.model", "spiece.model")])
    T5Tokenizer.from_pretrained(spiece, extra_ids=0).save_pretrained(work / "t5-saved")
    (out / "t5.json").write_text(Tokenizer.from_file(str(work / "t5-saved/tokenizer.json")).to_str(pretty=False))
    gemma = dict(padding_side="right", add_bos_token=False, add_eos_token=True)
    folders = {
        "SiglipTokenizer": folder_of(work, "siglip", [(out / "unigram.model", "spiece.model")], tokenizer_class="SiglipTokenizer"),
        "T5Tokenizer": folder_of(work, "t5", [(out / "t5.json", "tokenizer.json")], tokenizer_class="T5Tokenizer", extra_ids=0),
        "GemmaTokenizer": folder_of(work, "gemma", [(out / "gemma.json", "tokenizer.json")], tokenizer_class="GemmaTokenizer", **gemma),
        "Siglip2Tokenizer": folder_of(work, "siglip2", [(out / "gemma.json", "tokenizer.json")], tokenizer_class="Siglip2Tokenizer", **gemma),
    }
    peers = {name: AutoTokenizer.from_pretrained(folder) for name, folder in folders.items()}
    assert all(type(peer).__name__ == name for name, peer in peers.items()), peers
    cleaned = {clean: HFTokenizer(str(folders["T5Tokenizer"]), clean=clean).clean_fn for clean in ("canonicalize", "lower", "whitespace")}
    models_ = {name: sentencepiece.SentencePieceProcessor(model_file=str(out / f"{name}.model")) for name in ("unigram", "bpe")}
    rng = random.Random(3)
    texts = ["", " ", "A photo of a Fire-Truck, red.", "a_b", "a" * 90, "photo " * 70, *PARTS]
    texts += [rng.choice(["", " "]).join(rng.choice(PARTS) for _ in range(rng.randrange(2, 7))) for _ in range(90)]
    rows = []
    for text in texts:
        row = {"text": text}
        for name, model in models_.items():
            row[name] = model.encode(text)
        for name, peer in peers.items():
            ids = peer(text).input_ids
            row[name] = ids[:-1] if ids and ids[-1] == 1 else ids
        for clean, function in cleaned.items():
            row[clean] = peers["T5Tokenizer"](function(text)).input_ids[:-1]
        rows.append(row)
    lines = [json.dumps(row, separators=(",", ":")) for row in rows]
    (out / "ids.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    shutil.rmtree(work)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
