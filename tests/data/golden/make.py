# SPDX-License-Identifier: Apache-2.0
"""Makes the small pictures of this folder, and what Pillow and NumPy make of them. Needs: pip install Pillow numpy.

NAME.jpg / .png / .webp the picture, generated
NAME.ppm               Image.open(...).convert("RGB")
resize_*.ppm           resizes of colour.ppm
view_*.f32             evaluation views, float32 [3, R, R], little endian
"""
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

here = pathlib.Path(__file__).parent


def pattern(width, height, channels):
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = [127 + 90 * np.sin(0.31 * x * (c + 1) + 0.2 * y) + 60 * np.cos(0.5 * y - 0.13 * x * c) for c in range(channels)]
    noise = np.random.default_rng(7).normal(0, 12, (height, width, channels))
    return np.clip(np.stack(planes, -1) + noise, 0, 255).astype(np.uint8)


def expect(name):
    with Image.open(here / name) as image:
        image.convert("RGB").save((here / name).with_suffix(".ppm"))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png16(name, samples, colour):
    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    (here / name).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows))
                              + chunk(b"IEND", b""))


def jpegs():
    colour = Image.fromarray(pattern(37, 26, 3))
    colour.save(here / "colour.jpg", quality=88)
    colour.save(here / "progressive.jpg", quality=70, progressive=True, subsampling=1)
    Image.fromarray(pattern(19, 15, 1)[:, :, 0]).save(here / "grey.jpg", quality=80)
    Image.fromarray(pattern(18, 13, 4), "CMYK").save(here / "cmyk.jpg", quality=85)


def pngs():
    Image.fromarray(pattern(17, 12, 3)).quantize(7).save(here / "palette.png", transparency=bytes([0, 128]))
    Image.fromarray(pattern(16, 11, 4), "RGBA").save(here / "alpha.png")
    Image.fromarray(pattern(21, 9, 1)[:, :, 0]).convert("1").save(here / "bits.png")
    samples = np.random.default_rng(3).integers(0, 65536, (7, 9, 3))
    png16("deep_colour.png", samples, 2)
    png16("deep_grey.png", samples[:, :, 0] % 700, 0)


def webps():
    Image.fromarray(pattern(37, 26, 3)).save(here / "lossy.webp", quality=80)
    Image.fromarray(pattern(21, 17, 3)).save(here / "lossless.webp", lossless=True)
    alpha = pattern(18, 13, 4)
    alpha[:4, :5, 3] = 0
    Image.fromarray(alpha, "RGBA").save(here / "lossy_alpha.webp", quality=70)
    Image.fromarray(alpha, "RGBA").save(here / "lossless_alpha.webp", lossless=True, exact=True)
    frames = [Image.fromarray(pattern(16, 12, 3)), Image.fromarray(255 - pattern(16, 12, 3))]
    frames[0].save(here / "animated.webp", save_all=True, append_images=frames[1:], duration=100, quality=80)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned, which convert("RGB") ignores
    Image.fromarray(pattern(20, 9, 3)).save(here / "turned.webp", quality=80, exif=exif.tobytes())


def riff_chunk(kind, body):
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp_with_offset():
    """An animation whose first frame covers a part of the canvas."""
    still = (here / "lossy.webp").read_bytes()
    picture = riff_chunk(b"VP8 ", still[20:20 + struct.unpack("<I", still[16:20])[0]])
    three = lambda number: struct.pack("<I", number)[:3]
    canvas = riff_chunk(b"VP8X", bytes([0x02, 0, 0, 0]) + three(48 - 1) + three(32 - 1))
    frame = riff_chunk(b"ANMF", three(4 // 2) + three(2 // 2) + three(37 - 1) + three(26 - 1) + three(100) + b"\0" + picture)
    body = b"WEBP" + canvas + riff_chunk(b"ANIM", bytes([10, 200, 30, 255, 0, 0])) + frame
    (here / "offset.webp").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def resizes():
    image = Image.open(here / "colour.jpg").convert("RGB")
    for width, height in ((16, 11), (60, 31), (37, 9), (5, 26)):
        image.resize((width, height), Image.BICUBIC).save(here / f"resize_bicubic_{width}x{height}.ppm")
    image.resize((20, 14), Image.BILINEAR).save(here / "resize_bilinear_20x14.ppm")


def evaluation_view(image, side):
    width, height = image.size
    short, long = sorted(image.size)
    size = (side, int(side * long / short)) if width <= height else (int(side * long / short), side)
    image = image.resize(size, Image.BICUBIC)
    left, top = int(round((size[0] - side) / 2.0)), int(round((size[1] - side) / 2.0))
    return np.asarray(image.crop((left, top, left + side, top + side)))


def views():
    image = Image.open(here / "colour.jpg").convert("RGB")
    mean = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
    deviation = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
    for name, picture in (("wide", image), ("tall", image.transpose(Image.ROTATE_90))):
        if name == "tall":
            picture.save(here / "view_tall.ppm")
        pixels = evaluation_view(picture, 12).astype(np.float32) / np.float32(255)
        ((pixels - mean) / deviation).transpose(2, 0, 1).astype("<f4").tofile(here / f"view_{name}.f32")


if __name__ == "__main__":
    jpegs()
    pngs()
    webps()
    webp_with_offset()
    for path in [*sorted(here.glob("*.jpg")), *sorted(here.glob("*.png")), *sorted(here.glob("*.webp"))]:
        expect(path.name)
    resizes()
    views()
