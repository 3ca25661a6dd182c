# SPDX-License-Identifier: Apache-2.0
"""CLIP's byte-pair tokenizer for plain ASCII text, which is all that the benchmarks encode."""
import functools
import gzip
import re

CONTEXT, START, END, MERGES = 77, 49406, 49407, 48894
PIECE = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[a-z]+|[0-9]|[^\sa-z0-9]+")


class Tokenizer:
    """Reads the vocabulary file `bpe_simple_vocab_16e6.txt.gz`."""

    def __init__(self, path):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            merges = [tuple(line.split()) for line in file.read().split("\n")[1:MERGES + 1]]
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        others = [byte for byte in range(256) if byte not in printable]
        symbols = [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]
        self.words = symbols + [symbol + "</w>" for symbol in symbols] + ["".join(pair) for pair in merges]
        self.ids = {word: i for i, word in enumerate(self.words)}
        self.rank = {pair: i for i, pair in enumerate(merges)}

    @functools.lru_cache(maxsize=None)
    def _word(self, word):
        parts = list(word[:-1]) + [word[-1] + "</w>"]
        while len(parts) > 1:
            pairs = set(zip(parts, parts[1:]))
            best = min(pairs, key=lambda pair: self.rank.get(pair, MERGES))
            if best not in self.rank:
                break
            merged, i = [], 0
            while i < len(parts):
                if tuple(parts[i:i + 2]) == best:
                    merged.append(parts[i] + parts[i + 1])
                    i += 2
                else:
                    merged.append(parts[i])
                    i += 1
            parts = merged
        return [self.ids[part] for part in parts]

    def encode(self, text):
        return [token for piece in PIECE.findall(text.lower()) for token in self._word(piece)]

    def row(self, text):
        """Start, tokens, end, zeros up to 77."""
        tokens = [START, *self.encode(text), END]
        return tokens + [0] * (CONTEXT - len(tokens))
