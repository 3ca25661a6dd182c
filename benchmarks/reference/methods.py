# SPDX-License-Identifier: Apache-2.0
"""CoOp, MaPLe and PromptSRC as modules; every forward pass encodes the prompts of all classes."""
import torch
from torch import nn
from torch.nn import functional as F

PHRASE = "a photo of a"


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


class Prompts(nn.Module):
    """The frozen embeddings of all prompts, with the first words of the phrase replaced by learned vectors."""

    def __init__(self, clip, tokenizer, names, context):
        super().__init__()
        self.ids = torch.tensor([tokenizer.row(f"{PHRASE} {name}.") for name in names])
        embedded = clip.token_embedding(self.ids)
        self.prefix, self.suffix = embedded[:, :1], embedded[:, 1 + context:]
        self.ctx = nn.Parameter(embedded[0, 1:1 + context].clone())

    def forward(self):
        ctx = self.ctx.unsqueeze(0).expand(self.ids.shape[0], -1, -1)
        return torch.cat([self.prefix, ctx, self.suffix], dim=1)


class Method(nn.Module):
    """What all have in common. The model is a plain attribute: only `parameters()` of the method train."""

    def __init__(self, clip, tokenizer, names, context):
        super().__init__()
        self.__dict__["clip"] = clip
        self.prompt_learner = Prompts(clip, tokenizer, names, context)

    def text_features(self):
        return unit(self.clip.encode_prompts(self.prompt_learner(), self.prompt_learner.ids))

    def image_features(self, pixels):
        return unit(self.clip.visual(pixels))

    def logits(self, image, text):
        return self.clip.logit_scale.exp() * image @ text.t()

    def loss(self, pixels, labels):
        return F.cross_entropy(self.logits(self.image_features(pixels), self.text_features()), labels)


class Coop(Method):
    """Zhou et al., arXiv 2109.01134: four vectors of context."""

    def __init__(self, clip, tokenizer, names):
        super().__init__(clip, tokenizer, names, context=4)

    def text_loss(self, features, labels):
        """The text side alone, with image features that are given."""
        return F.cross_entropy(self.logits(unit(features), self.text_features()), labels)

    def text_subset_loss(self, features, labels):
        """The text side of MAO's base stage."""
        logits = self.logits(unit(features), self.text_features()[labels])
        return F.cross_entropy(logits, torch.arange(len(labels)))

    def regularised_loss(self, pixels, labels):
        """MAO's base stage as released: all classes are encoded, then the rows of the batch's labels are taken."""
        image, text = self.image_features(pixels), self.text_features()
        return F.cross_entropy(self.logits(image, text[labels]), torch.arange(len(labels)))

    def pseudo_labelled_loss(self, pixels, frozen_text):
        """MAO's new stage: a frozen model of its own labels the images, then they are judged against all classes."""
        with torch.no_grad():
            labels = self.logits(unit(self.clip.visual(pixels)), frozen_text).argmax(dim=1)
        return self.loss(pixels, labels)


class Maple(Method):
    """Khattak et al., arXiv 2210.03117: deep text prompts, and a linear layer each for those of the image tower."""

    def __init__(self, clip, tokenizer, names, context=2, depth=9):
        super().__init__(clip, tokenizer, names, context)
        text_width, vision_width = clip.ln_final.weight.shape[0], clip.visual.ln_post.weight.shape[0]
        method = self.prompt_learner
        method.proj = nn.Linear(text_width, vision_width)
        method.compound_prompts_text = nn.ParameterList(
            [nn.Parameter(torch.randn(context, text_width) * 0.02) for _ in range(depth - 1)])
        method.compound_prompt_projections = nn.ModuleList(
            [nn.Linear(text_width, vision_width) for _ in range(depth - 1)])

    def text_features(self):
        method = self.prompt_learner
        return unit(self.clip.encode_prompts(method(), method.ids, list(method.compound_prompts_text)))

    def image_features(self, pixels):
        method = self.prompt_learner
        pairs = zip(method.compound_prompt_projections, method.compound_prompts_text)
        return unit(self.clip.visual(pixels, method.proj(method.ctx), [layer(prompt) for layer, prompt in pairs]))


class PromptSrc(Method):
    """Khattak et al., arXiv 2307.06948: independent deep prompts, held to the frozen model in three places."""

    def __init__(self, clip, tokenizer, names, context=4, depth=9):
        super().__init__(clip, tokenizer, names, context)
        text_width, vision_width = clip.ln_final.weight.shape[0], clip.visual.ln_post.weight.shape[0]
        self.text = nn.ParameterList([nn.Parameter(torch.randn(context, text_width) * 0.02) for _ in range(depth - 1)])
        self.vision = nn.ParameterList([nn.Parameter(torch.randn(context, vision_width) * 0.02) for _ in range(depth)])
        with torch.no_grad():
            self.teacher = unit(clip.encode_text(self.prompt_learner.ids))

    def text_features(self):
        method = self.prompt_learner
        return unit(self.clip.encode_prompts(method(), method.ids, list(self.text)))

    def image_features(self, pixels):
        return unit(self.clip.visual(pixels, self.vision[0], list(self.vision[1:])))

    def loss(self, pixels, labels):
        image, text = self.image_features(pixels), self.text_features()
        with torch.no_grad():
            frozen = unit(self.clip.visual(pixels))
            teacher = self.logits(frozen, self.teacher)
        student = self.logits(image, text)
        divergence = F.kl_div(student.log_softmax(1), teacher.log_softmax(1), reduction="sum", log_target=True)
        return (F.cross_entropy(student, labels) + 25 * F.l1_loss(text, self.teacher) + 10 * F.l1_loss(image, frozen) +
                divergence / student.numel())

    def name_of(self, parameter):
        """The published name of one of ours, which depend on where the published code keeps them."""
        part, _, index = parameter.partition(".")
        if part == "text":
            return f"text_encoder.transformer.resblocks.{int(index) + 1}.VPT_shallow"
        if part == "vision":
            return "image_encoder.VPT" if index == "0" else f"image_encoder.transformer.resblocks.{index}.VPT_shallow"
        return parameter
