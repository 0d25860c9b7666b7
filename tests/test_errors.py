"""Every error that users see: one tree, a message in whole sentences, an exit status, and a drawing that is true."""

import inspect
import re
import string
from collections.abc import Iterator

import pytest

from provenance import errors
from provenance.errors import ProvenanceError


def tree(root: type[ProvenanceError]) -> Iterator[type[ProvenanceError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


CLASSES = list(tree(ProvenanceError))


def facts(error: type[ProvenanceError]) -> dict[str, str]:
    fields = string.Formatter().parse(error.template + error.hint)
    return {name: f"<{name}>" for _, name, _, _ in fields if name}


@pytest.mark.parametrize("error", CLASSES)
def test_messages_use_the_facts(error: type[ProvenanceError]) -> None:
    given = facts(error)
    raised = error(**given)
    assert all(value in str(raised) for value in given.values())
    assert str(raised) == f"{raised.message} {raised.advice}".strip()
    assert "\n" not in str(raised)
    assert raised.exit_status == 2
    assert raised.facts == given


@pytest.mark.parametrize("error", CLASSES)
def test_messages_and_hints_are_whole_sentences(error: type[ProvenanceError]) -> None:
    if error.template != "{what}":
        assert error.template.endswith(".")
    if error.hint:
        assert error.hint[0].isupper()
        assert error.hint.endswith(".")


@pytest.mark.parametrize("hostile", ["{0}", "{path}", "{what.__class__}", "%s", "}{"])
def test_facts_are_not_templates(hostile: str) -> None:
    assert hostile in str(errors.NotAnExport(path=hostile, what=hostile))


def test_the_drawing_names_every_class_at_its_place() -> None:
    drawn: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"((?:│   )*(?:[├└]── )?)([A-Z]\w+)(?:\s{2,}|$)", line):
            drawn.append((len(found[1]) // 4, found[2]))
    expected = [(len(each.__mro__) - len(ProvenanceError.__mro__), each.__name__) for each in CLASSES]
    assert sorted(drawn) == sorted(expected)


def test_every_error_of_the_module_is_in_the_tree() -> None:
    found = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, Exception)]
    assert set(found) == set(CLASSES)
