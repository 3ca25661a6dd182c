# SPDX-License-Identifier: Apache-2.0
"""Files to normalised pixels with Pillow, as torchvision's transforms do it: the views of training and of evaluation."""
import math
import random

import numpy as np
import torch
from PIL import Image

RESOLUTION = 224
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
DEVIATION = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)


def read(path):
    return Image.open(path).convert("RGB")


def normalised(image):
    """**Shape** [3, H, W]."""
    pixels = torch.from_numpy(np.array(image, np.uint8)).permute(2, 0, 1).contiguous()
    return pixels.to(torch.float32).div_(255).sub_(MEAN).div_(DEVIATION)


def random_box(width, height):
    """RandomResizedCrop(scale=(0.08, 1)): left, top, width, height."""
    for _ in range(10):
        area = width * height * random.uniform(0.08, 1)
        ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            return random.randint(0, width - w), random.randint(0, height - h), w, h
    return 0, 0, width, height


def augmented(image, box=None, mirrored=None):
    """A random rectangle, resized, mirrored half of the time; or what is given."""
    left, top, width, height = box or random_box(*image.size)
    view = image.crop((left, top, left + width, top + height)).resize((RESOLUTION, RESOLUTION), Image.BICUBIC)
    if random.random() < 0.5 if mirrored is None else mirrored:
        view = view.transpose(Image.FLIP_LEFT_RIGHT)
    return normalised(view)


def evaluation_view(image):
    """Short side to 224, the square in the middle."""
    width, height = image.size
    short = min(width, height)
    image = image.resize((RESOLUTION * width // short, RESOLUTION * height // short), Image.BICUBIC)
    left, top = round((image.width - RESOLUTION) / 2), round((image.height - RESOLUTION) / 2)
    return normalised(image.crop((left, top, left + RESOLUTION, top + RESOLUTION)))
