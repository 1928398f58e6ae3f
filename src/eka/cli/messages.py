"""`eka messages`: the translations, kept whole without gettext's system programs.

English in the sources is the key; `src/eka/locale/<language>/LC_MESSAGES/<domain>.po` is the
translation and is committed; the `.mo` beside it is compiled from it and is not. There are two
domains: `words` for the sentences of `eka.words` and `eka.papers`, `django` for all else.
"""

import io
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract as babel_extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from eka import clock
from eka.cli.problems import AnswerIsNo

SOURCES = Path(__file__).resolve().parents[1]
LANGUAGES = ("zh_Hans",)
TEMPLATE_ENDINGS = (".html", ".txt")
WIDTH = 100

_SINGULAR = None
_PLURAL = (1, 2)
_CONTEXT = ((1, "c"), 2)
_CONTEXT_PLURAL = ((1, "c"), 2, 3)
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), _SINGULAR),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), _PLURAL),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), _CONTEXT),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), _CONTEXT_PLURAL),
}

Key = tuple[str, str | None]


class Domain(NamedTuple):
    """A catalogue of its own: its name, the folder whose strings it holds, and their marks."""

    name: str
    keywords: Mapping[str, Any]


DJANGO = Domain("django", KEYWORDS)
WORDS = Domain("words", {"N_": _SINGULAR, "say": _SINGULAR, "count": _PLURAL})
DOMAINS = (DJANGO, WORDS)
SPOKEN = ("words", "papers")  # the folders whose sentences are of the domain `words`


@click.group()
@click.option(
    "--sources",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=SOURCES,
    help="Folder with the sources and `locale`; default: Eka's own.",
)
@click.pass_context
def messages(context: click.Context, sources: Path) -> None:
    """Extract, check and compile translations."""
    context.obj = sources


@messages.command()
@click.pass_obj
def extract(sources: Path) -> None:
    """Add new strings to every .po, drop those that are gone, keep the translations."""
    for domain, language in product(DOMAINS, LANGUAGES):
        found, path = strings_in(sources, domain), po_file(sources, language, domain)
        catalogue = _read(path, language)
        new, gone = _keys(found) - _keys(catalogue), _keys(catalogue) - _keys(found)
        if new or gone:
            catalogue.update(found, no_fuzzy_matching=True, update_creation_date=False)
            _write(path, catalogue)
        click.echo(f"{language}, {domain.name}: {len(new)} added, {len(gone)} dropped")


@messages.command()
@click.pass_obj
def check(sources: Path) -> None:
    """Exit 1, naming each, if a string is untranslated, doubtful, malformed or no longer used."""
    found = {domain.name: strings_in(sources, domain) for domain in DOMAINS}
    problems = [
        problem
        for domain, language in product(DOMAINS, LANGUAGES)
        for problem in problems_of(
            found[domain.name], _read(po_file(sources, language, domain), language), language
        )
    ]
    if problems:
        raise AnswerIsNo("\n".join([*problems, "Mend: `eka messages extract`, then translate."]))
    count = sum(len(_keys(strings)) for strings in found.values())
    click.echo(f"All {count} strings are translated.")


@messages.command("compile")
@click.pass_obj
def compile_(sources: Path) -> None:
    """Write the .mo files that Django reads."""
    for domain, language in product(DOMAINS, LANGUAGES):
        path = po_file(sources, language, domain)
        if path.exists():
            with path.with_suffix(".mo").open("wb") as file:
                write_mo(file, _read(path, language))


def po_file(sources: Path, language: str, domain: Domain = DJANGO) -> Path:
    """Where the translations into `language` are kept."""
    return sources / "locale" / language / "LC_MESSAGES" / f"{domain.name}.po"


def strings_in(sources: Path, domain: Domain = DJANGO) -> Catalog:
    """Every string of the domain that is marked for translation, with the files it stands in."""
    found = Catalog(charset="utf-8")
    for path in sorted(sources.rglob("*")):
        if (path.relative_to(sources).parts[0] in SPOKEN) != (domain is WORDS):
            continue
        if path.suffix == ".py" and "migrations" not in path.parts:
            code = path.read_bytes()
        elif path.suffix in TEMPLATE_ENDINGS and "templates" in path.parts:
            code = _as_python(path.read_text(encoding="utf-8"))
        else:
            continue
        where = path.relative_to(sources).as_posix()
        for line, text, comments, context in _marked(code, domain):
            found.add(text, None, [(where, line)], auto_comments=comments, context=context)
    return found


def problems_of(found: Catalog, catalogue: Catalog, language: str) -> Iterator[str]:
    """What keeps `catalogue` from being a whole translation of `found`, a sentence each."""
    for message in found:
        entry = catalogue.get(message.id, message.context) if message.id else None
        if message.id and (problem := _problem(entry)):
            places = ", ".join(sorted({file for file, _ in message.locations}))
            yield f"{language}: {problem}: {_shown(message)} ({places})"
    for message in catalogue:
        if _key(message) not in _keys(found) and message.id:
            yield f"{language}: no longer used: {_shown(message)}"
    for message, errors in catalogue.check():
        for error in errors:
            yield f"{language}: {error}: {_shown(message)}"


def _problem(entry: Message | None) -> str | None:
    if entry is None:
        return "not in the .po file"
    forms = entry.string if isinstance(entry.string, tuple | list) else (entry.string,)
    if not all(forms):
        return "untranslated"
    return "marked fuzzy" if entry.fuzzy else None


def _as_python(template: str) -> bytes:
    """Django's own rendering of a template for gettext, made palatable to Babel's Python lexer."""
    from django.utils.translation.template import templatize

    lines = templatize(template).splitlines()
    # What is not a string to translate is blanked out with letters; only its indentation could
    # still offend a Python lexer.
    return "\n".join(line.lstrip() for line in lines).encode()


def _marked(
    code: bytes, domain: Domain
) -> Iterator[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    yield from babel_extract(
        "python", io.BytesIO(code), keywords=domain.keywords, comment_tags=["Translators:"]
    )


def _key(message: Message) -> Key:
    identity = message.id if isinstance(message.id, str) else message.id[0]
    return identity, message.context


def _keys(catalogue: Catalog) -> set[Key]:
    return {_key(message) for message in catalogue if message.id}


def _shown(message: Message) -> str:
    context = f"{message.context}: " if message.context else ""
    return f"{context}{_key(message)[0]!r}"


def _read(path: Path, language: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=language, project="Eka", creation_date=clock.now(), fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _write(path: Path, catalogue: Catalog) -> None:
    # No line numbers: a moved line is no change for a translator.
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(
            file, catalogue, WIDTH, sort_by_file=True, ignore_obsolete=True, include_lineno=False
        )
