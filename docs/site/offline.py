# SPDX-License-Identifier: Apache-2.0
"""Hooks of MkDocs that make the site work from disk: a search without a server, and the colours of code as a file."""

import shutil
from pathlib import Path

from pygments.formatters import HtmlFormatter

HERE = Path(__file__).resolve().parent
# Styles of Pygments for light and dark pages, by the attribute that the theme sets.
STYLES = {"light": "friendly", "dark": "github-dark"}


def on_post_build(config):
    site = Path(config["site_dir"])
    colours = (HtmlFormatter(style=style).get_style_defs(f'[data-bs-theme="{mode}"] .codehilite') for mode, style in STYLES.items())
    (site / "pygments.css").write_text("\n".join(colours), encoding="utf-8")
    # A browser that opens files reads no JSON, but runs scripts.
    search = site / "search"
    index = (search / "search_index.json").read_text(encoding="utf-8")
    (search / "search_index.js").write_text(f"var searchIndex = {index};\n", encoding="utf-8")
    shutil.copy(HERE / "search.js", search / "main.js")
    for name in ("search_index.json", "worker.js"):
        (search / name).unlink()
