# SPDX-License-Identifier: Apache-2.0
"""Line charts as SVG, without a library: what ablations.py and scaling.py share."""

ORANGE, BLUE, GREEN = "#c2571a", "#1a6fc2", "#2a8a4a"
# Readable on light and dark pages.
STYLE = "<style>svg { color: #444; } @media (prefers-color-scheme: dark) { svg { color: #b8c0ca; } }</style>"


def curve(points, left, right, low, high, top, bottom, colour, label):
    """A polyline of (x position 0..1, value) with its label at the end."""
    def place(x, value):
        return left + x * (right - left), bottom - (value - low) / (high - low) * (bottom - top)

    places = [place(x, value) for x, value in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)
    x, y = places[-1]
    return (f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'
            f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" fill="{colour}">{label}</text>')


def panel(title, ticks, curves, left, margin=0.5, label_of="{:.1f}".format):
    """Axes with one tick a setting. `curves`: (label, colour, values by tick, None where missing)."""
    top, bottom, right = 40, 220, left + 250
    values = [value for _, _, series in curves for value in series if value is not None]
    if not values:
        return ""
    low, high = min(values) - margin, max(values) + margin
    parts = [f'<text x="{left}" y="24" font-weight="bold" fill="currentColor">{title}</text>',
             f'<path d="M{left},{top} V{bottom} H{right}" fill="none" stroke="currentColor"/>']
    for step in range(5):
        value = low + (high - low) * step / 4
        y = bottom - (bottom - top) * step / 4
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" fill="currentColor">{label_of(value)}</text>')
    for index, tick in enumerate(ticks):
        x = left + (right - left) * index / max(1, len(ticks) - 1)
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle" fill="currentColor">{tick}</text>')
    for label, colour, series in curves:
        points = [(i / max(1, len(ticks) - 1), v) for i, v in enumerate(series) if v is not None]
        if points:
            parts.append(curve(points, left, right, low, high, top, bottom, colour, label))
    return "".join(parts)


def document(body, width=780, height=260):
    """A whole SVG file."""
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
            f'font-size="12" color="#444">{STYLE}{body}</svg>\n')


def grid(panels, columns=2, width=380, height=260):
    """Panels that begin at x = 60, in rows of `columns`: a whole SVG file."""
    body = "".join(f'<g transform="translate({index % columns * width},{index // columns * height})">{panel}</g>'
                   for index, panel in enumerate(panels))
    rows = -(-len(panels) // columns)
    return document(body, width=columns * width + 60, height=rows * height)
