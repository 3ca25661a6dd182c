# SPDX-License-Identifier: Apache-2.0
"""Floating-point operations that a step cannot do without, for ViT-B/16: what the achieved rate is computed from."""
from class_names import digits

TEXT = {"width": 512, "layers": 12}
IMAGE = {"width": 768, "layers": 12, "tokens": 197, "patch": 3 * 16 * 16}


def block(width, tokens, queries, keys, known=0):
    """One block forward: keys and values of `tokens`, all else for `queries`, which see `keys` tokens each. The projections
    of `known` tokens are constants."""
    projections = 4 * (tokens - known) + 2 * (queries - known)
    return (projections + 18 * queries) * width ** 2 + 4 * queries * keys * width


def text_step(classes, candidates=None, context=4):
    """CoOp's text tower, forward and backward to the context; the prefix is shared, start token and words of the first
    block are constants, only the end is read out."""
    lengths = [int(digit, 36) + 2 for digit in digits(classes)][:candidates]
    words, width = sum(lengths), TEXT["width"]
    tokens, keys = context + words, 1 + context + words / len(lengths)
    forward = block(width, tokens, tokens, keys, known=words)
    forward += (TEXT["layers"] - 2) * block(width, tokens, tokens, keys) + block(width, tokens, len(lengths), keys)
    return 2 * forward  # weights are frozen: the backward pass has one product for each of the forward pass


def image_features(images):
    """The image tower forward; the last block computes the class token alone."""
    width, tokens = IMAGE["width"], IMAGE["tokens"]
    forward = (IMAGE["layers"] - 1) * block(width, tokens, tokens, tokens) + block(width, tokens, 1, tokens)
    return images * (forward + 2 * (tokens - 1) * IMAGE["patch"] * width)


def gemm():
    """The product of benchmarks/ours/gemm.cpp."""
    return 2 * 256 * 768 * 3072
