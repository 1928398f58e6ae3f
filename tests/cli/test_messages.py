"""`eka messages`: no string can be forgotten, in code or in a template."""

import gettext
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eka.cli.messages import WORDS, messages, po_file
from eka.cli.problems import AnswerIsNo

CODE = """
from django.utils.translation import gettext as _, ngettext, pgettext

def greet(n):
    # Translators: at the top of the portal
    _("Hello")
    ngettext("%(n)s line", "%(n)s lines", n)
    pgettext("a bucket", "Open")
    f"not {n} this"
"""

TEMPLATE = """
{% load i18n %}
<h1>{% translate "It's 50% off" %}</h1>
   <p>{% blocktranslate count n=n trimmed %}
        {{ n }} day
      {% plural %}
        {{ n }} days
      {% endblocktranslate %}</p>
 <a title="{% translate 'Renew' context 'button' %}">don't ({% if a == "b" %}</a>
"""

STRINGS = ["%(n)s day", "%(n)s line", "Hello", "It's 50%% off", "Open", "Renew"]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A small project with one module and one template."""
    (tmp_path / "portal" / "templates").mkdir(parents=True)
    (tmp_path / "portal" / "views.py").write_text(CODE)
    (tmp_path / "portal" / "templates" / "home.html").write_text(TEMPLATE)
    return tmp_path


def run(sources: Path, command: str) -> Result:
    return CliRunner().invoke(messages, ["--sources", str(sources), command])


def complaints(sources: Path) -> str:
    answer = run(sources, "check")
    assert answer.exit_code == 1
    assert isinstance(answer.exception, AnswerIsNo)
    return str(answer.exception)


def translate_all(sources: Path) -> None:
    po = po_file(sources, "zh_Hans")
    lines = po.read_text().splitlines()
    header_end = lines.index("")
    body = [
        line.replace('msgstr ""', 'msgstr "译"').replace('msgstr[0] ""', 'msgstr[0] "%(n)s 译"')
        for line in lines[header_end:]
    ]
    po.write_text("\n".join([*lines[:header_end], *body]) + "\n")


def test_strings_are_found_in_code_and_templates(sources: Path) -> None:
    answer = run(sources, "extract")
    assert "zh_Hans, django: 6 added, 0 dropped\n" in answer.output
    text = po_file(sources, "zh_Hans").read_text()
    assert [string for string in STRINGS if f'msgid "{string}"' in text] == STRINGS
    assert "#. Translators: at the top of the portal" in text
    assert 'msgctxt "button"' in text
    assert "not" not in [line.strip('msgid "') for line in text.splitlines()]


def test_a_missing_file_is_named_string_by_string(sources: Path) -> None:
    assert "zh_Hans: not in the .po file: 'Hello' (portal/views.py)" in complaints(sources)


def test_an_untranslated_string_is_named(sources: Path) -> None:
    run(sources, "extract")
    said = complaints(sources)
    assert "untranslated: 'Hello' (portal/views.py)" in said
    assert "untranslated: button: 'Renew' (portal/templates/home.html)" in said
    assert "untranslated: '%(n)s day'" in said


def test_a_whole_translation_passes_and_is_compiled(sources: Path) -> None:
    run(sources, "extract")
    translate_all(sources)
    assert run(sources, "check").output == "All 6 strings are translated.\n"
    run(sources, "compile")
    with po_file(sources, "zh_Hans").with_suffix(".mo").open("rb") as file:
        translations = gettext.GNUTranslations(file)
    assert translations.gettext("Hello") == "译"
    assert translations.ngettext("%(n)s day", "%(n)s days", 2) == "%(n)s 译"
    assert translations.pgettext("button", "Renew") == "译"


def test_extracting_again_changes_nothing(sources: Path) -> None:
    run(sources, "extract")
    translate_all(sources)
    before = po_file(sources, "zh_Hans").read_text()
    assert "zh_Hans, django: 0 added, 0 dropped\n" in run(sources, "extract").output
    assert po_file(sources, "zh_Hans").read_text() == before


def test_extracting_keeps_translations_adds_the_new_and_drops_the_old(sources: Path) -> None:
    run(sources, "extract")
    translate_all(sources)
    views = sources / "portal" / "views.py"
    views.write_text(CODE.replace('_("Hello")', '_("Good day")'))
    said = complaints(sources)
    assert "not in the .po file: 'Good day'" in said
    assert "no longer used: 'Hello'" in said

    assert "zh_Hans, django: 1 added, 1 dropped\n" in run(sources, "extract").output
    said = complaints(sources)
    assert "untranslated: 'Good day'" in said
    assert "Hello" not in said
    assert "Open" not in said


def test_a_fuzzy_entry_is_not_a_translation(sources: Path) -> None:
    run(sources, "extract")
    translate_all(sources)
    po = po_file(sources, "zh_Hans")
    po.write_text(po.read_text().replace('msgid "Hello"', '#, fuzzy\nmsgid "Hello"'))
    assert "marked fuzzy: 'Hello'" in complaints(sources)


def test_a_placeholder_lost_in_translation_is_named(sources: Path) -> None:
    run(sources, "extract")
    translate_all(sources)
    po = po_file(sources, "zh_Hans")
    po.write_text(po.read_text().replace('"%(n)s 译"', '"%(m)s 译"', 1))
    assert "unknown named placeholder 'm': '%(n)s" in complaints(sources)


def test_the_sentences_of_words_have_a_catalogue_of_their_own(sources: Path) -> None:
    (sources / "words").mkdir()
    (sources / "words" / "names.py").write_text(
        'PLAN = N_("Plan data")\ntongue.say("Left")\ntongue.count("{n} day", "{n} days", 2)\n'
    )
    run(sources, "extract")
    text = po_file(sources, "zh_Hans", WORDS).read_text()
    assert [f'msgid "{said}"' in text for said in ("Plan data", "Left", "{n} day")] == [True] * 3
    assert "Plan data" not in po_file(sources, "zh_Hans").read_text()
    assert "untranslated: 'Left' (words/names.py)" in complaints(sources)
