# SPDX-License-Identifier: Apache-2.0
"""CLIP ViT as the published prompt-learning code has it: fp32, sequence-first, 77 tokens, an additive causal mask.

Blocks take deep prompts (MaPLe, PromptSRC): before a block the prompt's tokens are exchanged for others.
"""
import torch
from torch import nn


class QuickGELU(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


class Block(nn.Module):
    def __init__(self, width, mask=None):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, width // 64)
        self.mlp = nn.Sequential()
        self.mlp.add_module("c_fc", nn.Linear(width, 4 * width))
        self.mlp.add_module("gelu", QuickGELU())
        self.mlp.add_module("c_proj", nn.Linear(4 * width, width))
        self.mask = mask

    def forward(self, x):
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False, attn_mask=self.mask)[0]
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, width, layers, mask=None):
        super().__init__()
        self.resblocks = nn.Sequential(*[Block(width, mask) for _ in range(layers)])

    def forward(self, x, replace=None, prompts=()):
        """`prompts[i]` takes its place before block i + 1; `replace(x, prompt)` says where that is."""
        for i, block in enumerate(self.resblocks):
            if 0 < i <= len(prompts):
                x = replace(x, prompts[i - 1])
            x = block(x)
        return x


def replace_after_start(x, prompt):
    """Text: the tokens behind the start token. **Shapes** x [L, C, W], prompt [n, W]."""
    return torch.cat([x[:1], prompt.unsqueeze(1).expand(-1, x.shape[1], -1), x[1 + prompt.shape[0]:]])


def replace_last(x, prompt):
    """Image: the last tokens. **Shapes** x [L, B, W], prompt [n, W]."""
    return torch.cat([x[:x.shape[0] - prompt.shape[0]], prompt.unsqueeze(1).expand(-1, x.shape[1], -1)])


class ImageTower(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        width, grid = sizes["vision_width"], sizes["resolution"] // sizes["patch"]
        self.conv1 = nn.Conv2d(3, width, sizes["patch"], sizes["patch"], bias=False)
        self.class_embedding = nn.Parameter(torch.empty(width))
        self.positional_embedding = nn.Parameter(torch.empty(grid * grid + 1, width))
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.transformer = Transformer(width, sizes["vision_layers"])
        self.proj = nn.Parameter(torch.empty(width, sizes["embed"]))

    def forward(self, pixels, prompt=None, deep=()):
        """**Shapes** pixels [B, 3, R, R], prompt [n, W], deep [n, W] each -> [B, D]."""
        x = self.conv1(pixels).flatten(2).permute(0, 2, 1)
        first = self.class_embedding + torch.zeros(x.shape[0], 1, x.shape[2])
        x = torch.cat([first, x], dim=1) + self.positional_embedding
        if prompt is not None:
            x = torch.cat([x, prompt.expand(x.shape[0], -1, -1)], dim=1)
        x = self.transformer(self.ln_pre(x).permute(1, 0, 2), replace_last, deep).permute(1, 0, 2)
        return self.ln_post(x[:, 0]) @ self.proj


class Clip(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        width, context = sizes["text_width"], sizes["context"]
        mask = torch.full((context, context), float("-inf")).triu_(1)
        self.visual = ImageTower(sizes)
        self.transformer = Transformer(width, sizes["text_layers"], mask)
        self.token_embedding = nn.Embedding(sizes["vocabulary"], width)
        self.positional_embedding = nn.Parameter(torch.empty(context, width))
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.empty(width, sizes["embed"]))
        self.logit_scale = nn.Parameter(torch.empty(()))

    def encode_prompts(self, prompts, ids, deep=()):
        """**Shapes** prompts [C, 77, W] without positions, ids [C, 77] (for the place of the end token) -> [C, D]."""
        x = (prompts + self.positional_embedding).permute(1, 0, 2)
        x = self.transformer(x, replace_after_start, deep).permute(1, 0, 2)
        x = self.ln_final(x)
        return x[torch.arange(x.shape[0]), ids.argmax(dim=-1)] @ self.text_projection

    def encode_text(self, ids):
        return self.encode_prompts(self.token_embedding(ids), ids)


def sizes_of(weights):
    """The sizes of a checkpoint with OpenAI's names."""
    def layers(prefix):
        return len({name[len(prefix):].split(".")[0] for name in weights if name.startswith(prefix)})

    patches, positions = weights["visual.conv1.weight"].shape, weights["visual.positional_embedding"].shape
    grid = round((positions[0] - 1) ** 0.5)
    return {"vision_width": patches[0], "patch": patches[3], "resolution": patches[3] * grid,
            "vision_layers": layers("visual.transformer.resblocks."), "text_layers": layers("transformer.resblocks."),
            "context": weights["positional_embedding"].shape[0], "embed": weights["text_projection"].shape[1],
            "vocabulary": weights["token_embedding.weight"].shape[0], "text_width": weights["ln_final.weight"].shape[0]}


def load(weights):
    """A frozen model from NumPy arrays."""
    model = Clip(sizes_of(weights))
    model.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return model.requires_grad_(False).eval()
