"""What the pages say can be followed: every relative link and its section exist, every page is in the index,
every make target, script, command and option of the program in them is there, and so is every page that a
source names. Run by ctest."""
import collections
import functools
import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FEEDTREE = pathlib.Path(os.environ.get("FEEDTREE_BINARY", ROOT / "build/release/feedtree"))
# What a user writes himself.
OF_THE_USER = {"config/feedtree.yaml"}
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def pages():
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert len(found) > 30, found
    return sorted(found)


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def anchor(heading):
    """The address of a heading on GitHub."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors_of(text):
    """A heading that comes again has a number behind it."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    seen, found = collections.Counter(), set()
    for heading in map(anchor, re.findall(r"^#+ (.*)$", text, re.M)):
        found.add(f"{heading}-{seen[heading]}" if seen[heading] else heading)
        seen[heading] += 1
    return found


@functools.cache
def anchors(page):
    return anchors_of(page.read_text())


def broken_links(page, text):
    """Where each relative link that leads nowhere leads to."""
    for target in LINK.findall(without_code(text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, section = target.partition("#")
        where = (page.parent / path).resolve() if path else page
        if not where.exists():
            yield f"{target}: no such file"
        elif section and where.suffix == ".md" and section not in anchors(where):
            yield f"{target}: no such section"


def commands(text):
    """What is to be typed: lines of code blocks without a language, `sh` or `bash`, and `code` in a line."""
    for block in re.findall(r"^```(?:sh|bash)?\n(.*?)^```", text, re.M | re.S):
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


@functools.cache
def help_of(subcommand):
    """None if there is no such command."""
    result = subprocess.run([FEEDTREE, *subcommand.split(), "--help"], text=True, capture_output=True)
    return result.stdout if f"Usage: feedtree {subcommand} " in result.stdout else None


def wrong_options(command):
    match = re.match(r"(?:\w+=\S+ )*(?:build/release/)?feedtree ([a-z][a-z-]+)(?: ([a-z]+)\b)?(.*)", command)
    if not match:
        return
    name, part, rest = match.groups()
    # "archive verify": a command of a command; else the word is an argument.
    text = (help_of(f"{name} {part}") if part else None) or help_of(name)
    if text is None:
        yield f"`{command}`: feedtree has no command {name}"
        return
    for option in re.findall(r"(?<!\S)\[?(--[a-z][a-z-]*)", rest.split(" | ")[0].split("#")[0]):
        if not re.search(rf"{option}\b", text):
            yield f"`{command}`: feedtree {name} has no {option}"


def wrong_commands(text, targets):
    for command in commands(text):
        yield from wrong_options(command)
        made = re.match(r"(?:\w+=(?:\"[^\"]*\"|\S+) )*make ([a-z][a-z-]*)\b", command)
        if made and made[1] not in targets:
            yield f"`{command}`: the Makefile has no {made[1]}"
        for script in re.findall(r"(?<![\w/.])(?:scripts|tests|docker|config|deploy|docs)/[\w./-]*\w", command):
            if script not in OF_THE_USER and not (ROOT / script).exists() and not list(ROOT.glob(script + "*")):
                yield f"`{command}`: there is no {script}"


class Planted(unittest.TestCase):
    def test_links_that_lead_nowhere_are_found(self):
        page = ROOT / "README.md"
        text = "[a](docs/none.md) [b](README.md#no-such-section) ![c](none.png) `[d](e)` [f](https://x.y/)"
        self.assertEqual(list(broken_links(page, text)), [
            "docs/none.md: no such file", "README.md#no-such-section: no such section",
            "none.png: no such file"])

    def test_a_heading_that_comes_again_has_a_number(self):
        self.assertEqual(anchors_of("# A\n## B, `c`\n```\n# d\n```\n## B, c\n"), {"a", "b-c", "b-c-1"})

    def test_commands_that_do_not_exist_are_found(self):
        text = ("```\nmake nothing\nmake demo\nbuild/release/feedtree run --config x --nothing\n"
                "feedtree dance\n```\n`feedtree replay --strict x`, `scripts/nothing`\n")
        found = "\n".join(wrong_commands(text, {"demo"}))
        for what in ("has no nothing", "run has no --nothing", "no command dance", "no scripts/nothing"):
            self.assertIn(what, found)
        self.assertEqual(len(found.splitlines()), 4, found)


class Pages(unittest.TestCase):
    def every(self, check):
        problems = [f"{page.relative_to(ROOT)}: {problem}" for page in pages()
                    for problem in check(page, page.read_text())]
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def test_every_relative_link_leads_somewhere(self):
        self.every(broken_links)

    def test_every_page_that_a_source_names_is_there(self):
        sources = [path for folder in ("actors", "adapters", "cmake", "config", "core", "storage")
                   for path in (ROOT / folder).rglob("*") if path.is_file()]
        self.assertGreater(len(sources), 300)
        missing = [f"{path.relative_to(ROOT)}: {page}" for path in sources
                   for page in re.findall(r"(?<![\w/-])docs/[\w/-]+\.md\b", path.read_text(errors="replace"))
                   if not (ROOT / page).exists()]
        self.assertFalse(missing)

    def test_every_command_can_be_typed(self):
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
        self.every(lambda page, text: () if page.name == "CHANGELOG.md" else wrong_commands(text, targets))

    def test_every_page_is_in_the_index(self):
        index = ROOT / "docs/README.md"
        decisions = ROOT / "docs/decisions/README.md"
        linked = {(page.parent / target.partition("#")[0]).resolve() for page in (index, decisions)
                  for target in LINK.findall(page.read_text())}
        missing = [str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md")
                   if page not in linked and page != index]
        self.assertFalse(missing)


if __name__ == "__main__":
    if not FEEDTREE.exists():
        sys.exit(f"there is no {FEEDTREE}: make build")
    unittest.main()
