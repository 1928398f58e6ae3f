"""Whatever the rules can say has words: read from the rules' own source, in every language.

A new reason, code or refusal without a sentence fails here, not on a customer's screen.
"""

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from eka.rules.lines import Code, ShownState
from eka.rules.plans import KINDS, RENEWED_BY, PlanRule
from eka.rules.requirements import REQUIREMENTS
from eka.rules.whatifs import Way
from eka.words import history, names, previews, reasons

SOURCES = Path(__file__).parents[2] / "src" / "eka"
CATALOGUE = SOURCES / "locale" / "zh_Hans" / "LC_MESSAGES" / "words.po"

# Reasons that the rules build from a value: what they are made of is enumerated elsewhere.
CHANGES = {"suspend", "chargeback"}


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted((SOURCES / "rules").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                name = node.func.id if isinstance(node.func, ast.Name) else name
                yield name, node


def literals(node: ast.AST) -> set[str]:
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def reasons_of(code: str) -> set[str]:
    """Every reason that the source gives a loss of this code."""
    found: set[str] = set()
    for name, call in calls():
        if name in ("lose", "take_out") and code in literals(call.args[1]):
            at = 2 if name == "lose" else 3
            found |= literals(call.args[at])
        if name in ("_fit",):
            found |= literals(call.args[2])
        if name == "Unmet":
            found |= literals(call.args[0])
    return found


def refusals() -> set[str]:
    return {
        code
        for name, call in calls()
        if name.startswith("Unable") and call.args
        for code in literals(call.args[0])
    }


def test_the_rules_source_is_understood() -> None:
    assert {"lapse", "manual_clear", "fraction", "life_over", "cap_bank"} <= reasons_of("forfeited")
    assert "queue_full" in refusals()


@pytest.mark.parametrize("code", get_args(Code))
def test_every_code_has_a_sentence(code: str) -> None:
    assert code in history.WRITERS


def test_every_reason_for_a_loss_has_words() -> None:
    known = {*reasons.KNOWN}
    told = reasons_of("forfeited") | reasons_of("expired") | CHANGES
    told |= {reason for reason, _ in REQUIREMENTS}
    assert told - known == set()
    assert told - set(reasons.SHORT) == set()


def test_every_other_reason_has_words() -> None:
    granted = set().union(*(literals(c.args[1]) for n, c in calls() if n == "grant"))
    granted |= set().union(*(literals(c.args[2]) for n, c in calls() if n == "swell"))
    assert granted - {"plan"} <= set(history.GRANTED)
    beyond = set().union(*(literals(c.args[2]) for n, c in calls() if n == "_at_once"))
    assert beyond <= set(history.USED)
    tree = ast.parse((SOURCES / "rules" / "consumption.py").read_text(encoding="utf-8"))
    why = next(
        n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "_why_unserved"
    )
    assert literals(why) - {"active"} == set(history.UNSERVED)
    assert set(history.END_MOVED) == {"extend", "max", "reset"}


def test_every_refusal_has_words() -> None:
    assert refusals() - set(names.REFUSALS) == {"queue_full"}


def test_every_name_is_called_something() -> None:
    assert set(names.KINDS) == set(names.KINDS_WITHIN) == set(KINDS)
    assert set(names.STATES) == set(get_args(ShownState))
    assert set(names.RENEWED_BY) == set(RENEWED_BY)
    assert set(names.PLAN_RULES) == set(get_args(PlanRule))
    assert set(previews.LOSING_WAYS) == set(get_args(Way)) - {"in_time"}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def spoken() -> Iterator[str | tuple[str, ...]]:
    """Every marked sentence of the two folders that speak."""
    keywords = {"N_": None, "say": None, "count": (1, 2)}
    for folder in ("words", "papers"):
        for _, _, sentence, _, _ in extract_from_dir(str(SOURCES / folder), keywords=keywords):
            yield sentence


def test_every_sentence_is_in_chinese_with_the_same_figures() -> None:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    for sentence in spoken():
        one = sentence if isinstance(sentence, str) else sentence[0]
        found = catalogue.get(one)
        assert found is not None, f"not in words.po: {one}"
        told = found.string if isinstance(found.string, str) else (found.string or ("",))[0]
        assert told, f"not translated: {one}"
        wanted = placeholders(one if isinstance(sentence, str) else sentence[1])
        assert placeholders(told) - wanted <= {"n"}, told
        assert wanted - placeholders(told) <= {"n"}, told


def test_nothing_in_the_catalogue_is_left_over() -> None:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    assert not catalogue.obsolete
    found = {sentence if isinstance(sentence, str) else sentence[0] for sentence in spoken()}
    kept = {m.id if isinstance(m.id, str) else m.id[0] for m in catalogue if m.id}
    assert kept - found == set()
