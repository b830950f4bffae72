#!/usr/bin/env python3
"""Validates lines of JSON against docs/schema: each object by the schema of its kind.

Usage: validate_schema.py SCHEMA_FOLDER FILE. Prints one line for each bad line, then how many of
each kind were good. Exit code 0 if every line is good, 1 if not. With --asyncapi as the second
argument it checks instead that asyncapi.yaml names a channel and a payload file for every schema,
and with --subjects FILE that each line of the file is the subject of one of its channels.
"""
import collections
import json
import pathlib
import re
import sys

import jsonschema
import yaml


def load_schemas(folder):
    schemas = {}
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        schema = json.loads(path.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        schemas[path.stem] = jsonschema.Draft202012Validator(schema)
    return schemas


def refuse_repeated(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a field stands twice")
    return dict(pairs)


def why_bad(line, schemas):
    """What is wrong with a line; None if it is good. Also gives its kind."""
    try:
        body = json.loads(line, object_pairs_hook=refuse_repeated)
    except ValueError as error:
        return None, f"not JSON: {error}"
    kind = "error" if "error" in body else body.get("kind")
    if kind not in schemas:
        return kind, f"no schema for kind {kind!r}"
    errors = sorted(schemas[kind].iter_errors(body), key=str)
    return kind, errors[0].message if errors else None


def check_lines(schemas, path):
    good = collections.Counter()
    bad = 0
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            kind, why = why_bad(line, schemas)
            if why is None:
                good[kind] += 1
            else:
                bad += 1
                print(f"line {number}: {why}: {line.strip()[:300]}")
    for kind in sorted(good):
        print(f"{kind} {good[kind]}")
    return bad == 0


def check_asyncapi(schemas, folder):
    text = (pathlib.Path(folder) / "asyncapi.yaml").read_text()
    missing = [kind for kind in schemas if f"'./{kind}.json'" not in text]
    missing += [kind for kind in schemas
                if kind != "error" and f"  md.v1.{kind}." not in text]
    for kind in missing:
        print(f"asyncapi.yaml says nothing of {kind}")
    return not missing


def channel_patterns(folder):
    """A pattern of whole subjects for each channel of asyncapi.yaml, by the patterns of its parameters."""
    document = yaml.safe_load((pathlib.Path(folder) / "asyncapi.yaml").read_text())
    shared = document["components"]["parameters"]
    patterns = {}
    for channel, content in document["channels"].items():
        text = re.escape(channel)
        for name, parameter in content.get("parameters", {}).items():
            parameter = shared[parameter["$ref"].rsplit("/", 1)[1]] if "$ref" in parameter else parameter
            token = parameter["schema"].get("pattern", "^[^.]+$").removeprefix("^").removesuffix("$")
            text = text.replace(re.escape("{" + name + "}"), f"(?:{token})")
        patterns[channel] = re.compile(text)
    return patterns


def check_subjects(folder, path):
    patterns = channel_patterns(folder)
    subjects = set(pathlib.Path(path).read_text().split())
    unknown = [subject for subject in sorted(subjects)
               if not any(pattern.fullmatch(subject) for pattern in patterns.values())]
    for subject in unknown:
        print(f"asyncapi.yaml has no channel for {subject}")
    return bool(subjects) and not unknown


def main():
    folder, what = sys.argv[1:3]
    schemas = load_schemas(folder)
    if what == "--asyncapi":
        fine = check_asyncapi(schemas, folder)
    elif what == "--subjects":
        fine = check_subjects(folder, sys.argv[3])
    else:
        fine = check_lines(schemas, what)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
