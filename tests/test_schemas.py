"""The schemas that are shipped say of every document what it is, and leave no key out."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from provenance.render import as_json, report_json
from tests.cli.conftest import EXPORTS, SUSPECT, in_process
from tests.render import build

FOLDER = Path(__file__).parents[1] / "provenance" / "render" / "schemas"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


@pytest.fixture(autouse=True)
def _no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENANCE_IMAGES_MODEL", "off")


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What the commands print of the samples, by the name of the schema."""
    folder = tmp_path_factory.mktemp("schemas")

    def say(*words: object) -> Any:
        return in_process(*words, "--json", archive=folder / "archive").json

    imports = [say("import", "telegram-export", *EXPORTS) for _ in range(2)]
    broken = folder / "broken.jpg"
    broken.write_bytes(b"no image")
    absent = SUSPECT.with_name("absent.jpg")
    found = say("lookup", SUSPECT, absent, SUSPECT, broken)
    refs = ("picture:1", "1500000002/26", found[0]["sightings"][0]["file"]["sha256"], "Attic Archive")
    return {
        "import": imports,
        "lookup": [*found, say("lookup", SUSPECT)],
        "show": [say("show", ref) for ref in refs],
        "coverage": [say("coverage")],
        "stats": [say("stats")],
        "report": [say("report", "--week", week, "--out", folder) for week in ("2024-W51", "2024-W52", "2020-W01")],
    }


def generated(name: str) -> list[Any]:
    """Documents made of hostile words, and of every kind of first seen that is not archived."""
    unarchived = [build.unarchived(each) for each in build.UNARCHIVED]
    made: dict[str, list[Any]] = {
        "lookup": [
            *map(as_json.lookup, (build.lookup(), build.altered(), build.lookup(found=False))),
            *(as_json.lookup(build.lookup(*seen)) for seen in unarchived),
            as_json.refused("a", "b"),
        ],
        "report": [report_json.report(each) for each in (build.report(), build.EMPTY_REPORT)]
        + [report_json.report(build.report(*seen)) for seen in unarchived],
        "import": [as_json.imported(1, (1, 2, 3), (1, 2, 3, 4), [build.PROBLEM])],
        "show": [as_json.show(each) for each in build.shows()],
        "coverage": [as_json.channel_coverage([build.coverage()], build.COVERAGE)],
        "stats": [as_json.stats(build.STATS)],
    }
    return [json.loads(as_json.dumps(each)) for each in made[name]]


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def parts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from parts(each)


def strict(found: dict[str, Any]) -> dict[str, Any]:
    """The schema with every object closed: only what it names may be there."""
    closed = copy.deepcopy(found)
    added = {id(each) for node in parts(closed) for each in node.get("allOf", ())}
    joined = {each["$ref"].rpartition("/")[2] for node in parts(closed) for each in node.get("allOf", ())}
    for node in list(parts(closed)):
        open_on_purpose = id(node) in added or any(node is closed["$defs"].get(name) for name in joined)
        if isinstance(node.get("properties"), dict) and not open_on_purpose and "additionalProperties" not in node:
            node["unevaluatedProperties"] = False
    return closed


def wrong(found: dict[str, Any], documents: list[Any]) -> list[str]:
    validator = Draft202012Validator(found)
    return [f"{error.json_path}: {error.message[:200]}" for each in documents for error in validator.iter_errors(each)]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_schema(name: str) -> None:
    found = schema(name)
    Draft202012Validator.check_schema(found)
    assert found["title"] == f"provenance/{name}/1"


@pytest.mark.parametrize("name", NAMES)
def test_what_the_commands_print_is_as_it_says(printed: dict[str, list[Any]], name: str) -> None:
    assert printed[name]
    assert wrong(schema(name), printed[name]) == []
    assert wrong(strict(schema(name)), printed[name]) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_made_up_is_as_it_says(name: str) -> None:
    assert wrong(schema(name), generated(name)) == []
    assert wrong(strict(schema(name)), generated(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_key_that_is_missing_or_wrong_is_seen(name: str) -> None:
    document = generated(name)[0]
    for key in document:
        assert wrong(schema(name), [{k: value for k, value in document.items() if k != key}]), key
        assert wrong(schema(name), [document | {key: object()}]), key


def test_what_has_one_name_is_one_thing() -> None:
    known: dict[str, Any] = {}
    for name in NAMES:
        for what, how in schema(name)["$defs"].items():
            assert known.setdefault(what, how) == how


def test_a_key_that_no_schema_names_is_seen() -> None:
    document = generated("lookup")[0]
    document["sightings"][0]["match"]["new"] = 1
    assert wrong(schema("lookup"), [document]) == [], "programs must live with new keys"
    assert wrong(strict(schema("lookup")), [document])
