#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes clip_ids.json: hostile texts, and their ids by open_clip's SimpleTokenizer, OpenAI's (the same code with its two
special tokens) and transformers' CLIPTokenizer, without start and end. An empty list of ids is one; null stands where
folders of transformers differ: it has one list for special tokens found before normalising, and one for after.

Needs open_clip 3.3, ftfy 6.3 and transformers 5.24: make_clip_ids.py clip_ids.json
"""
import json
import random
import sys
import tempfile
from pathlib import Path

import regex
from open_clip.tokenizer import SimpleTokenizer
from transformers import CLIPTokenizer

PARTS = [
    "“", "”", "‘", "’", "„", "«", "…", "—", "&amp;", "&lt;", "&quot;", "&eacute;", "&#39;", "&#x41;", "&amp;amp;",
    "&nbsp;", "cafÃ©", "donâ€™t", "ＡＢＣ", "ｆｕｌｌ", "１２", "ﬁ", "ﬀ", "é", "e\u0301", "a\u0308\u0323", "o\u0338", "\u200d",
    "\u200b", "\ufeff", "\x00", "\x01", "\x1b[31m", "\x1c", "\x7f", "\x85", "\xa0", "\u2028", "\u3000", "\t", "\n", "\r\n", "  ",
    "😀", "👨\u200d👩\u200d👧", "🇩🇪", "日本語", "한국어", "\u1100\u1161", "ｶﾞ", "ΟΔΟΣ", "İ", "ß", "ſ", "'ſ", "'S", "'LL", "don't",
    "<|startoftext|>", "<|endoftext|>", "<start_of_text>", "<end_of_text>", "<|STARTOFTEXT|>", "<END_OF_TEXT>",
    "<ſtart_of_text>", "<|endoftext|", "A", "Photo", "CAT", "red_thing", "42", "½", "²", "Ⅷ", "٣", "!", "?!", "...", "<b>",
    "</b>", "100%", "Ünïcödé", "مرحبا", "हिन्दी", "ไทย", "Привет", "Å", "K", "ǅ", "ŉ", "\u0345", "\u0338", "aaaa", "----",
    "http://x.y/z?a=b&c=d"]  # fmt: skip


def openai_tokenizer():
    tokenizer = SimpleTokenizer()
    special = ["<|startoftext|>", "<|endoftext|>"]
    tokenizer.encoder.update(zip(special, (49406, 49407)))
    tokenizer.cache = {token: token for token in special}
    words = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    tokenizer.pat = regex.compile(r"<\|startoftext\|>|<\|endoftext\|>|" + words, regex.IGNORECASE)
    return tokenizer


def hugging_face_tokenizers(folder):
    """One whose special tokens are looked for before normalising, one after."""
    source = SimpleTokenizer()
    vocabulary = {token: i for token, i in source.encoder.items() if i < 49406}
    vocabulary.update({"<|startoftext|>": 49406, "<|endoftext|>": 49407})
    Path(folder, "vocab.json").write_text(json.dumps(vocabulary))
    Path(folder, "merges.txt").write_text("#version: 0.2\n" + "\n".join(map(" ".join, source.bpe_ranks)) + "\n")
    before = CLIPTokenizer.from_pretrained(folder)
    before.save_pretrained(folder)
    path = Path(folder, "tokenizer.json")
    saved = json.loads(path.read_text())
    for token in saved["added_tokens"]:
        token["normalized"] = True
    path.write_text(json.dumps(saved))
    config = {"tokenizer_class": "CLIPTokenizer", "do_lower_case": True}
    for key, content in (("bos", "<|startoftext|>"), ("eos", "<|endoftext|>"), ("unk", "<|endoftext|>")):
        config[key + "_token"] = {"__type": "AddedToken", "content": content, "normalized": True}
    Path(folder, "tokenizer_config.json").write_text(json.dumps(config))
    return before, CLIPTokenizer.from_pretrained(folder)


def main():
    rng = random.Random(1)
    texts = ["", " ", *PARTS]
    texts += [rng.choice(["", " "]).join(rng.sample(PARTS, rng.randint(2, 5))) for _ in range(150)]
    open_clip, openai = SimpleTokenizer(), openai_tokenizer()
    with tempfile.TemporaryDirectory() as folder:
        before, after = hugging_face_tokenizers(folder)
    rows = []
    for text in texts:
        one, other = (tokenizer(text)["input_ids"][1:-1] for tokenizer in (before, after))
        ids = {"open_clip": open_clip.encode(text), "openai": openai.encode(text)}
        rows.append({"text": text, **ids, "transformers": one if one == other else None})
    lines = ",\n".join(json.dumps(row, ensure_ascii=True, separators=(",", ":")) for row in rows)
    Path(sys.argv[1]).write_text("[\n" + lines + "\n]\n")


main()
