#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the code in the documentation is code that something runs.

usage: scripts/check_docs.py [--program MAO] [--write] [PAGE...]

  cpp     every block is cut from a file under examples/, tests/, include/, benchmarks/ or tools/, line by line, whatever its indentation.
          Includes at its beginning may stand elsewhere in that file; a line `// ...` or `# ...` stands for lines left out. A comment
          `<!-- from PATH -->` above a block says which file, `<!-- from PATH#NAME -->` which part of it: what stands between
          the lines `// [NAME]` and `// [end]`. With --write such blocks are copied from their files.
  toml, json, csv, py
          the same, among the files of docs/, tests/, examples/ and benchmarks/
  tests   each test that docs/guarantees.md names exists, and each test case that it quotes stands in one of the files named before it
  shell   with --program, the commands and options of every `mao ...` exist, also within sentences; the program's own help says which do.
          Programs and scripts of the repository that are named have to exist in any case, and so have headers and sources;
          links lead to files and headings that exist, on the site too.

Without PAGEs it also checks the language: no word of the dictionary in CONTRIBUTING.md is in a page, a comment, a message or a help text, each page
asks in its first paragraph what it answers, README.md has at most 700 words outside its code, and its program includes the header that
docs/includes.md lists for each name that it uses.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = {
    "cpp": (["examples", "tests", "include", "benchmarks", "tools"], [".cpp", ".hpp"]),
    "cmake": (["tests", "cmake"], [".txt", ".cmake"]),
    "toml": (["tests", "examples", "benchmarks"], [".toml", ".cpp"]),
    "json": (["tests", "examples", "benchmarks"], [".json", ".cpp"]),
    "csv": (["tests", "examples", "benchmarks"], [".csv", ".cpp"]),
    "py": (["tests", "examples", "benchmarks"], [".py", ".cpp"]),
}
SHELL = ("sh", "bash", "console")
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
ORIGIN = re.compile(r"<!-- from ([^\s#]+)(?:#(\S+))? -->\n$")
INLINE = re.compile(r"(?<!`)`((?:build/release/bin/)?mao [a-z][^`]*)`(?!`)")
LINK = re.compile(r"\]\(([^)\s:]*)\)")
ELISIONS = ("// ...", "# ...")
INCLUDED = re.compile(r"<(mao/[\w/.]+\.(?:hpp|cuh))>")
NAMED = re.compile(r"(?<![\w/.-])((?:include/mao|tools|examples|benchmarks|tests|cmake)/[\w/.-]+\.(?:hpp|cpp|cu|cuh|py|cmake|toml))\b")
GUARANTEES = "docs/guarantees.md"
PROMISED = re.compile(r'"[^"]+"|\b[a-z_]+\.[a-z_0-9]+\b')
TEST_CASE = re.compile(r'TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')
# "X is no class" is translated; English says "X is not a class". "There is no class" and "is no longer" are right.
NEGATED = re.compile(r"(?<!there )\b(is|are|was|were) no (?!longer\b|more\b)[a-z`]", re.IGNORECASE)
DICTIONARY = re.compile(r"^\| not \| but \|\n\|---\|---\|\n((?:\|.*\n)+)", re.MULTILINE)
# Folders whose C++ is checked for the words of the dictionary, comments and texts alike.
WORDED = ("include/mao", "tools", "examples")
MOST_WORDS = 700
MOST_GUARANTEES = 80


def dedent(lines):
    """Without the indentation that all lines have."""
    width = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return [line[width:].rstrip() for line in lines]


def without_includes(block):
    """Without the includes that it begins with."""
    while block and (block[0].startswith("#include") or not block[0]):
        block = block[1:]
    return block


def anchors_of(page):
    """The names of a page's headings, as the site and GitHub make them."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings}


class Source:
    """The lines of a file that blocks are cut from."""

    def __init__(self, path):
        self.path = path
        self.lines = [line.rstrip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
        self.places = {}
        for number, line in enumerate(self.lines):
            self.places.setdefault(line.strip(), []).append(number)

    def find(self, wanted, start):
        """The line after the first occurrence of `wanted` from `start` on, or None."""
        for place in self.places.get(wanted[0].strip(), []):
            if place >= start and dedent(self.lines[place:place + len(wanted)]) == wanted:
                return place + len(wanted)
        return None

    def section(self, name):
        """What stands between `// [name]` and `// [end]`, or None."""
        places = self.places.get(f"// [{name}]", []) + self.places.get(f"# [{name}]", [])
        if len(places) != 1:
            return None
        ends = self.places.get("// [end]", []) + self.places.get("# [end]", [])
        end = min((place for place in ends if place > places[0]), default=None)
        return None if end is None else dedent(self.lines[places[0] + 1:end])

    def has(self, block):
        body = without_includes(block)
        if any(line and line not in self.places for line in block[:len(block) - len(body)]):
            return False
        position = 0
        for part in parts_of(body):
            position = self.find(part, position)
            if position is None:
                return False
        return True


def parts_of(block):
    """What stands between the elisions of a block."""
    parts, part = [], []
    for line in [*block, ELISIONS[0]]:
        if line.strip() not in ELISIONS:
            part.append(line)
            continue
        while part and not part[0]:
            part = part[1:]
        while part and not part[-1]:
            part = part[:-1]
        if part:
            parts.append(dedent(part))
        part = []
    return parts


class Program:
    """Commands and options of the program, from its help."""

    def __init__(self, path):
        self.path = path
        self.commands = {}
        self.commands[()] = self.read_help(())

    def read_help(self, command):
        run = subprocess.run([self.path, *command, "--help"], capture_output=True, text=True, timeout=60, check=False)
        text = run.stdout + run.stderr
        options = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", text))
        listed = text.partition("Subcommands:")[2] if command else text  # the program's own stand in sections
        return options, set(re.findall(r"^  ([a-z][\w-]*)", listed, re.MULTILINE))

    def problem(self, words):
        """What is wrong with the arguments of a call, or None."""
        command = ()
        while words and words[0] in self.commands[command][1]:
            command += (words.pop(0),)
            if command not in self.commands:
                self.commands[command] = self.read_help(command)
        options, subcommands = self.commands[command]
        if subcommands and not command and words and not words[0].startswith("-"):
            return f"`mao {words[0]}` is no command; there are {', '.join(sorted(subcommands))}"
        for word in words:
            name = word.split("=")[0]
            if re.fullmatch(r"--?[a-zA-Z][\w-]*", name) and name not in options:
                return f"`mao {' '.join(command)}` has no option {name}"
        return None


class Docs:
    def __init__(self, program):
        self.program = Program(program) if program else None
        self.sources, self.failures, self.counts, self.cases = {}, [], {}, {}

    def sources_of(self, language):
        if language not in self.sources:
            folders, suffixes = SOURCES[language]
            self.sources[language] = [Source(path) for folder in folders for path in sorted((ROOT / folder).rglob("*"))
                                      if path.suffix in suffixes]
        return self.sources[language]

    def write_page(self, page):
        """Copies the blocks that name a part of a file from there."""
        text = page.read_text(encoding="utf-8")

        def copied(match):
            origin = ORIGIN.search(text[:match.start()])
            section = Source(ROOT / origin[1]).section(origin[2]) if origin and origin[2] else None
            if section is None:
                return match[0]
            lines = match[3].splitlines()
            includes = [line for line in lines if line.startswith("#include")]
            body = "\n".join(includes + [""] * bool(includes) + section)
            return f"{match[1]}```{match[2]}\n{body}\n{match[1]}```"

        written = BLOCK.sub(copied, text)
        if written != text:
            page.write_text(written, encoding="utf-8")

    def check_page(self, page):
        text = page.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            language, lines = match[2], dedent(match[3].splitlines())
            line = text.count("\n", 0, match.start()) + 1
            origin = ORIGIN.search(text[:match.start()])
            self.counts[language] = self.counts.get(language, 0) + 1
            if language in SHELL:
                self.check_shell(page, line + 1, lines)
            elif language in SOURCES:
                self.check_excerpt(page, line, language, lines, origin)
            elif language != "text":
                self.fail(page, line, f"no rule for blocks of {language}")
        for number, line in enumerate(text.splitlines(), 1):
            for name in [*("include/" + header for header in INCLUDED.findall(line)), *NAMED.findall(line)]:
                if not (ROOT / name).exists():
                    self.fail(page, number, f"there is no {name}")
        # Blocks by indentation are commands, or plain text; commands also stand within sentences and tables.
        for number, line in enumerate(text.splitlines(), 1):
            if re.match(r" {4}(build/release/bin/)?mao [a-z]", line):
                self.check_shell(page, number, self.joined(text.splitlines()[number - 1:]))
            for command in INLINE.findall(line):
                self.check_command(page, number, command)

    @staticmethod
    def joined(lines):
        """The first command of `lines`, with those that a backslash continues."""
        end = next(i for i, line in enumerate(lines) if not line.endswith("\\"))
        return [line.strip() for line in lines[:end + 1]]

    def check_excerpt(self, page, line, language, block, origin):
        if origin:
            name, section = origin[1], origin[2]
            source = Source(ROOT / name) if (ROOT / name).is_file() else None
            if source is None:
                self.fail(page, line, f"this block is said to be from {name}, which does not exist")
            elif section and source.section(section) is None:
                self.fail(page, line, f"{name} has no part between `// [{section}]` and `// [end]`, or several")
            elif not source.has(block) or (section and source.section(section) != without_includes(block)):
                self.fail(page, line, f"this block is not what stands in {name}; --write copies parts that have a name")
            elif name == "tests/docs/run.toml" and self.program:
                self.check_options(page, line, block)
        elif not any(source.has(block) for source in self.sources_of(language)):
            self.fail(page, line, f"this block of {language} is cut from no file of {', '.join(SOURCES[language][0])}")

    def check_options(self, page, line, lines):
        """A file of options: each line names one of `mao tune`."""
        for number, text in enumerate(lines, line + 1):
            problem = self.program.problem(["tune", "--" + text.split("=")[0].strip()])
            if problem:
                self.fail(page, number, problem)

    def check_shell(self, page, line, lines):
        prompts = any(text.startswith("$ ") for text in lines)
        command = ""
        for number, text in enumerate(lines, line):
            if prompts and not command and not text.startswith("$ "):
                continue  # what a command printed
            command += text.removeprefix("$ ")
            if command.endswith("\\"):
                command = command[:-1] + " "
                continue
            self.check_command(page, number, command)
            command = ""

    def check_command(self, page, line, command):
        try:
            words = shlex.split(command, comments=True)
        except ValueError as error:
            self.fail(page, line, f"`{command}`: {error}")
            return
        for call in self.calls_of(words):
            while call and ("=" in call[0] or call[0] in ("sudo", "time", "env", "nohup", "exec")):
                call = call[1:]
            if call:
                self.check_call(page, line, call)

    @staticmethod
    def calls_of(words):
        """The parts of a line between pipes and the like."""
        calls = [[]]
        for word in words:
            if word in ("|", "&&", "||", ";", "&", "do", "then"):
                calls.append([])
            elif word not in ("for", "done"):
                calls[-1].append(word)
        return calls

    def check_call(self, page, line, call):
        name = call[0]
        if name.startswith(("scripts/", "benchmarks/")) and not (ROOT / name).exists():
            self.fail(page, line, f"there is no {name}")
        for word in call[1:]:
            if re.fullmatch(r"(scripts|benchmarks|examples|docs|tools)/[\w./-]+\.\w+", word) and not (ROOT / word).exists():
                self.fail(page, line, f"there is no {word}")
        starts = [index for index, word in enumerate(call) if word == "mao" or word.endswith("bin/mao")]
        if starts and self.program and (starts[0] == 0 or name in ("torchrun", "mpirun", "srun", "xargs", "timeout")):
            problem = self.program.problem(call[starts[0] + 1:])
            if problem:
                self.fail(page, line, problem)

    def check_words(self):
        """The dictionary's left column, case ignored; its own table is left out."""
        contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        table = DICTIONARY.search(contributing)
        if table is None:
            self.failures.append("CONTRIBUTING.md: the dictionary `| not | but |` is missing")
            return
        rows = [row.strip("|").split("|") for row in table[1].splitlines()]
        plain = {word.strip(): row[1].strip() for row in rows for word in row[0].split(",")}
        words = re.compile(r"\b(" + "|".join(map(re.escape, plain)) + r")\b", re.IGNORECASE)
        for path in self.worded_files():
            text = path.read_text(encoding="utf-8")
            if path.name == "CONTRIBUTING.md":
                text = text.replace(table[0], "\n" * table[0].count("\n"))
            for number, line in enumerate(text.splitlines(), 1):
                for found in words.findall(line):
                    self.fail(path, number, f'"{found}": say {plain[found.lower()]}')
                if NEGATED.search(line) and path.name != "CONTRIBUTING.md":
                    self.fail(path, number, 'say "is not a ...", "is not part of ...", or "there is no ..."')

    @staticmethod
    def worded_files():
        pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for folder in WORDED:
            pages += [path for path in (ROOT / folder).rglob("*") if path.suffix in (".hpp", ".cpp", ".ipp", ".cu", ".cuh", ".md")]
        return sorted(page for page in pages if page != ROOT / "CHANGELOG.md")

    def check_links(self, page):
        """Files that links point to, and headings within pages. The site has the pages below docs/ alone."""
        in_site = ROOT / "docs" in page.parents
        for number, line in enumerate(BLOCK.sub(lambda block: "\n" * block[0].count("\n"), page.read_text(encoding="utf-8")).splitlines(), 1):
            for link in LINK.findall(line):
                name, _, anchor = link.partition("#")
                target = (page.parent / name).resolve() if name else page
                if not target.exists():
                    self.fail(page, number, f"a link to {name}, which does not exist")
                elif in_site and ROOT / "docs" not in target.parents:
                    self.fail(page, number, f"a link to {name}, which is not below docs/ and so not on the site")
                elif anchor and target.suffix == ".md" and anchor not in anchors_of(target):
                    self.fail(page, number, f"{name or page.name} has no heading #{anchor}")

    def check_guarantees(self):
        """The last column of the table: `room.file "test case"`, where `...` stands for words left out."""
        page = ROOT / GUARANTEES
        lines = page.read_text(encoding="utf-8").splitlines()
        if len(lines) > MOST_GUARANTEES:
            self.fail(page, len(lines), f"{len(lines)} lines; {MOST_GUARANTEES} at most")
        for number, line in enumerate(lines, 1):
            cells = line.strip().strip("|").split(" | ")
            if not line.startswith("| ") or cells[0].strip() == "promise" or cells[0].strip().startswith("**"):
                continue  # the head of the table, or of a part of it
            named, quoted = [], False
            for found in PROMISED.findall(cells[-1]):
                if not found.startswith('"'):
                    named, quoted = ([] if quoted else named) + [found], False
                    if not self.is_test(found):
                        self.fail(page, number, f"there is no test {found}")
                    continue
                quoted = True
                pattern = r".*".join(re.escape(part.strip()) for part in found[1:-1].split("..."))
                if not any(re.fullmatch(pattern, case) for name in named for case in self.cases_of(name)):
                    self.fail(page, number, f"{' and '.join(named) or 'no file'} has no test case {found}")
            if not named:
                self.fail(page, number, "a promise without a test")

    @staticmethod
    def is_test(name):
        """A file of tests, one that must not compile, or a test that CMake adds under this name."""
        room, _, file = name.partition(".")
        if (ROOT / "tests" / room / f"{file}.cpp").is_file():
            return True
        lists = ROOT / "tests" / room / "CMakeLists.txt"
        return lists.is_file() and f"NAME {name} " in lists.read_text(encoding="utf-8")

    def cases_of(self, name):
        """The names of a file's test cases."""
        if name not in self.cases:
            path = ROOT / "tests" / (name.replace(".", "/") + ".cpp")
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            parts = [re.findall(r'"((?:[^"\\]|\\.)*)"', case) for case in TEST_CASE.findall(text)]
            self.cases[name] = ["".join(part).replace(r'\"', '"') for part in parts]
        return self.cases[name]

    def check_question(self, page):
        """The first paragraph asks what the page answers."""
        name = page.relative_to(ROOT).as_posix()
        paragraphs = page.read_text(encoding="utf-8").split("\n\n")
        if name.startswith("docs/") and not any("? " in part + " " or "?\n" in part for part in paragraphs[1:2]):
            self.fail(page, 3, "the first paragraph does not say, as a question, what the page answers")

    def check_length(self):
        readme = ROOT / "README.md"
        count = len(re.sub(r"<!--.*?-->", "", BLOCK.sub("", readme.read_text(encoding="utf-8")), flags=re.DOTALL).split())
        if count > MOST_WORDS:
            self.fail(readme, 1, f"{count} words outside its code; {MOST_WORDS} at most")

    def check_includes(self):
        """README's program names the headers that docs/includes.md lists for what it uses."""
        table = (ROOT / "docs/includes.md").read_text(encoding="utf-8")
        listed = {}
        for names, headers in re.findall(r"^\| [^|]+ \| ([^|]+) \| ([^|]*<mao/[^|]+) \|$", table, re.MULTILINE):
            names, headers = re.findall(r"`([\w:]+)", names), INCLUDED.findall(headers)
            listed.update((name, headers[min(place, len(headers) - 1)]) for place, name in enumerate(names))
        readme = ROOT / "README.md"
        for program in (body for _, language, body in BLOCK.findall(readme.read_text(encoding="utf-8")) if language == "cpp"):
            for name, header in listed.items():
                if re.search(rf"\bmao::{name}\b", program) and header not in INCLUDED.findall(program):
                    self.fail(readme, 1, f"its program uses {name} without <{header}>, which docs/includes.md lists for it")

    def fail(self, page, line, message):
        self.failures.append(f"{page.relative_to(ROOT)}:{line}: {message}")


def main(arguments):
    program, pages, write = None, [], False
    while arguments:
        argument = arguments.pop(0)
        if argument == "--program" and arguments:
            program = arguments.pop(0)
        elif argument == "--write":
            write = True
        elif argument.startswith("-"):
            print(__doc__.strip())
            return 0 if argument in ("-h", "--help") else 2
        else:
            pages.append(Path(argument).resolve())
    docs = Docs(program)
    for page in pages or [ROOT / "README.md", ROOT / "tools/mao/README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        if write:
            docs.write_page(page)
        docs.check_page(page)
        docs.check_question(page)
        docs.check_links(page)
    if not pages:
        docs.check_words()
        docs.check_length()
        docs.check_includes()
        docs.check_guarantees()
    for failure in docs.failures:
        print(f"error: {failure}")
    counts = ", ".join(f"{count} of {language}" for language, count in sorted(docs.counts.items()))
    print(f"blocks: {counts}; {len(docs.failures)} errors")
    return 1 if docs.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
