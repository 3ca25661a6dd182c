# SPDX-License-Identifier: Apache-2.0
"""Hooks of MkDocs: the pages reference/types/*.md, made of the declarations and `///` comments in include/mao, and typography.

Those pages are of the site alone, so that nothing is written down twice.
"""

import re
from pathlib import Path

from mkdocs.structure.files import File

INCLUDE = Path(__file__).resolve().parents[2] / "include" / "mao"
FOLDERS = ["core", "io", "data", "text", "models", "prompts", "backbones", "labelers", "sampling", "regularizers", "schedules", "optimizers",
           "parallel", "tuner", "evaluation", "embedded"]
KINDS = re.compile(r"^(?:template <.*?>\s*)*(?:requires .*?\s)?(concept|class|struct|enum class|enum|using)\s+(\w+)", re.DOTALL)
FUNCTION = re.compile(r"([\w~]+|operator\S+)\s*\(")
PRIVATE = re.compile(r"^namespace detail|^namespace explain")


class Entry:
    """A declaration with its comment, and its members."""

    def __init__(self, kind, name, code, comment):
        self.kind, self.name, self.code, self.comment, self.members = kind, name, code, comment, []


def declaration(lines, start, indent):
    """The declaration at `start` without its body, and the line behind all of it."""
    code, depth, number, brackets = [], 0, start, 0
    ended = False
    while number < len(lines):
        line = re.sub(r"\s*//.*$", "", lines[number])
        if not ended:
            code.append(line[indent:])
        for character in line:
            depth += {"{": 1, "}": -1}.get(character, 0)
            brackets += {"(": 1, ")": -1}.get(character, 0)
        number += 1
        ended = ended or "{" in line
        if depth == 0 and brackets <= 0 and (line.endswith(";") or line.endswith("}") or line.endswith("};")):
            break
    return "\n".join(code), number


def signature(code):
    """Without what computes: the body, and the initialisers of a constructor."""
    flat = " ".join(code.split())
    depth, end = 0, len(flat)
    is_function = "(" in flat
    for position, character in enumerate(flat):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 and is_function and (character == "{" or flat.startswith(" : ", position)) and ")" in flat[:position]:
            end = position
            break
    flat = flat[:end].rstrip() if is_function else re.sub(r"\s*\{.*$", "", flat) if "=" not in flat.split("{")[0] else flat
    flat = flat.replace("[[nodiscard]] ", "").removeprefix("inline ").removesuffix(";")
    return re.sub(r"^(template <.*?>) inline ", r"\1 ", flat)


def escaped(text):
    """Markdown in which `<` outside of code is not a tag."""
    return "".join(part if number % 2 else part.replace("<", "&lt;") for number, part in enumerate(re.split(r"(`[^`]*`)", text)))


def comment_text(comment):
    return escaped("\n".join(line.strip().removeprefix("///").removeprefix(" ") for line in comment).strip())


def trailing(lines):
    """What `///<` says beside a member."""
    return escaped(" ".join(match[1].strip() for match in (re.search(r"///<(.*)$", line) for line in lines) if match))


def members_of(lines, start, stop, kind):
    """The public members between two lines."""
    public, comment, number, found = kind != "class", [], start, []
    while number < stop:
        line = lines[number]
        text = line.strip()
        if text in ("public:", "private:", "protected:"):
            public, comment = text == "public:", []
        elif line.startswith("  ///"):
            comment.append(line)
        elif not text or text.startswith("//") or text.startswith("#"):
            comment = []
        elif re.match(r"  \S", line) and not line.startswith("  }"):
            if kind.startswith("enum"):
                found.append((text.split(",")[0].split(" ///")[0], trailing([line])))
                number += 1
                continue
            code, end = declaration(lines, number, 2)
            if public and "= delete" not in code and not code.startswith(("friend", "static_assert")):
                found.append((signature(code), comment_text(comment) or trailing(lines[number:end])))
            comment, number = [], end
            continue
        number += 1
    return found


def entries_of(header):
    lines = header.read_text(encoding="utf-8").splitlines()
    entries, comment, number, hidden = [], [], 0, False
    while number < len(lines):
        line = lines[number]
        if PRIVATE.match(line):
            hidden = True
        elif hidden and re.match(r"^}\s*// namespace (detail|explain)", line):
            hidden = False
        elif hidden or line.startswith(("#", "namespace", "}")) or not line.strip():
            comment = []
        elif line.startswith("///"):
            comment.append(line)
        elif re.match(r"[A-Za-z\[]", line):
            code, end = declaration(lines, number, 0)
            kind = KINDS.match(code)
            if kind and not code.rstrip().endswith(f"{kind[1]} {kind[2]};"):
                entry = Entry(kind[1], kind[2], code, comment_text(comment))
                if kind[1] in ("class", "struct", "enum", "enum class") and end > number + 1:
                    entry.members = members_of(lines, number + code.count("\n") + 1, end - 1, kind[1])
                if kind[1] in ("concept", "using"):
                    entry.code = "\n".join(lines[number:end])
                else:
                    entry.code = signature(code)
                entries.append(entry)
            elif not kind and FUNCTION.search(code) and comment:
                entries.append(Entry("function", FUNCTION.search(code)[1], signature(code), comment_text(comment)))
            comment, number = [], end
            continue
        number += 1
    return entries


def cell(text):
    return " ".join(text.split()).replace("|", "\\|")


def written(entry, again):
    """The lines of an entry; the overloads of a function share a heading."""
    heading = [] if again else [f"### {entry.name}", ""]
    lines = [*heading, f"*{entry.kind}*. {entry.comment}", "", "```cpp", entry.code, "```", ""]
    if entry.members:
        lines += ["| member | |", "|---|---|"]
        lines += [f"| `{cell(code)}` | {cell(comment)} |" for code, comment in entry.members]
    return lines + [""]


def pages():
    """(path, text) of every page."""
    index = ["# Types and functions", "",
             "Everything that the headers declare for users, as they declare it. The pages of each folder say more about it.", "",
             "| name | | header |", "|---|---|---|"]
    rows, result = [], []
    for folder in FOLDERS:
        page = [f"# {folder}: types and functions", "",
                f"Made from the comments in `include/mao/{folder}`. What they are for: [{folder}](../{folder}.md).", ""]
        for header in sorted((INCLUDE / folder).glob("*.hpp")):
            entries = entries_of(header)
            name = header.relative_to(INCLUDE).as_posix()
            if entries:
                page += [f"## {name}", "", f"`#include <mao/{name}>`", ""]
            for entry, before in zip(entries, [None, *entries]):
                again = before is not None and before.name == entry.name
                page += written(entry, again)
                if not again:
                    first = entry.comment.split("\n\n")[0].replace("\n", " ").split(". ")[0].removesuffix(".")
                    rows.append((entry.name.lower(), f"| [{entry.name}]({folder}.md#{entry.name.lower()}) | {cell(first)} | `{name}` |"))
        result.append((f"reference/types/{folder}.md", "\n".join(page)))
    index += [row for _, row in sorted(set(rows))]
    return [("reference/types/index.md", "\n".join(index)), *result]


def on_files(files, config):
    for path, text in pages():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown, page, config, files):
    """Figures and their deviations stay on one line of a table."""
    lines = (re.sub(r"(?<=\d) \+- (?=\d)", "\u00a0±\u00a0", line) if line.startswith("|") else line for line in markdown.split("\n"))
    return "\n".join(lines)
