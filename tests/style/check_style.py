"""The structure of the tree as rules: run without arguments on the project, or with a folder.

Dependencies point one way; CAF stays in actors/; no floating point near prices; files stay small;
every venue has its page. Prints each violation with its place; exit code 1 if there is any."""
import pathlib
import re
import sys

ROOMS = ("core", "config", "adapters", "storage", "actors")
MAY_INCLUDE = {
    "core": {"core"},
    "config": {"config", "core"},
    "adapters": {"adapters", "config", "core"},
    "storage": {"storage", "config", "core"},
    "actors": set(ROOMS),
}
LINES_MAX = 450
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
COMMENT = re.compile(r"//.*$")
TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


def sources(root, folder):
    return sorted(path for path in (root / folder).rglob("*") if path.suffix in (".cpp", ".hpp"))


def include_problem(room, included):
    """Why this room may not include that header; None if it may."""
    first = included.split("/")[0]
    if first in ROOMS and first not in MAY_INCLUDE[room]:
        return f"{room} must not include {first}"
    if first == "caf" and room != "actors":
        return "CAF headers stay in actors/"
    if first == "boost" and included.endswith(("beast.hpp", "asio.hpp")) and room != "adapters":
        return "Beast and Asio stay in adapters/"
    return None


def check_file(root, room, path):
    place = path.relative_to(root)
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) > LINES_MAX:
        yield f"{place}: {len(lines)} lines, split it: {LINES_MAX} at the most"
    no_floats = room == "core" or str(place).startswith("adapters/venues/")
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        problem = include_problem(room, match.group(1)) if match else None
        if problem:
            yield f"{place}:{number}: {problem}: {match.group(1)}"
        code = TEXT.sub('""', COMMENT.sub("", line))
        if no_floats and re.search(r"\b(double|float)\b", code):
            yield f"{place}:{number}: floating point"


def check_tests(root):
    for path in sources(root, "tests"):
        if path.name == "eventually.hpp":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"\b(sleep_for|usleep)\b", COMMENT.sub("", line)):
                yield f"{path.relative_to(root)}:{number}: a sleep: wait for the event instead"


def check_venues(root):
    names = set()
    for path in sources(root, "adapters/venues"):
        text = path.read_text(encoding="utf-8")
        if "venue_registration<" in text and path.stem != "venue":
            names.add(path.stem.replace("_", "-"))
    for name in sorted(names):
        if not (root / "docs/venues" / f"{name}.md").exists():
            yield f"docs/venues/{name}.md: missing"


def check(root):
    for room in ROOMS:
        for path in sources(root, room):
            yield from check_file(root, room, path)
    yield from check_tests(root)
    yield from check_venues(root)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    problems = list(check(root))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
