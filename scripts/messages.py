"""Catalogues of the front end's words: extract, merge, compile, check.

    python scripts/messages.py update   after words in src/ changed; then fill the .po files in
    python scripts/messages.py check    fails unless every catalogue is whole and compiled

JupyterLab reads `jupyter_challenge/locale/<language>/LC_MESSAGES/jupyter_challenge.json` where the
language pack of JupyterLab itself is installed. The .po files beside them are what people edit.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from jupyter_challenge.core.errors import FAILURES

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "jupyter_challenge" / "locale"
DOMAIN = "jupyter_challenge"
LANGUAGES = ("de_DE", "ja_JP")
# What Lab's TranslationBundle offers; a number says which argument is which.
KEYWORDS = {"__": None, "_n": (1, 2), "_p": ((1, "c"), 2), "_np": ((1, "c"), 2, 3)}
PLACEHOLDER = re.compile(r"%\d")
HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"Plural-Forms: {forms}\n"
"Content-Type: text/plain; charset=utf-8\n"

"""
# What is said in English, with its values apart (core/models/phrases.py).
PHRASES = {"say": None, "say_n": (1, 2)}
# Where the settings' schemas have texts, with the contexts that src/schematexts.ts asks for.
SCHEMAS = ROOT / "schema"
SCHEMA_TEXTS = {
    r"/properties/.*/(title|description)": "settings",
    r"/jupyter\.lab\.setting-icon-label": "settings",
    r"/jupyter\.lab\.toolbars/.*/label": "toolbar",
    r"/(title|description)": "schema",
}
# Lab's own separator of a context and its text.
CONTEXT = "\u0004"


def extract() -> Catalog:
    """Collect every text of the front end, of the service and of the settings."""
    catalog = Catalog(domain=DOMAIN, project="jupyter-challenge", charset="utf-8")
    for file in sorted((ROOT / "src").rglob("*.ts*")):
        if "__tests__" in file.parts or file.name == "schema.ts":
            continue
        name = file.relative_to(ROOT).as_posix()
        found = extract_from_file(
            "javascript", file, KEYWORDS, options={"jsx": True, "template_string": False}
        )
        for _line, text, _comments, context in found:
            # Without line numbers, which would change with every edit.
            catalog.add(text, locations=[(name, 0)], context=context)
    rooms = (ROOT / "jupyter_challenge" / room for room in ("core", "service"))
    for file in sorted(file for room in rooms for file in room.rglob("*.py")):
        name = file.relative_to(ROOT).as_posix()
        for _line, text, _comments, context in extract_from_file("python", file, PHRASES):
            catalog.add(text, locations=[(name, 0)], context=context)
    for text in chain.from_iterable((each.sentence, each.hint) for each in FAILURES.values()):
        catalog.add(text, locations=[("jupyter_challenge/core/errors.py", 0)])
    for file in sorted(SCHEMAS.glob("*.json")):
        name = file.relative_to(ROOT).as_posix()
        for context, text in schema_texts(json.loads(file.read_text(encoding="utf-8"))):
            catalog.add(text, locations=[(name, 0)], context=context)
    return catalog


def schema_texts(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """The texts of the settings and toolbar buttons, each with its context."""
    if isinstance(value, str):
        for place, context in SCHEMA_TEXTS.items():
            if value and re.fullmatch(place, path):
                yield context, value
                return
    inside = value.items() if isinstance(value, dict) else ()
    for key, one in enumerate(value) if isinstance(value, list) else inside:
        yield from schema_texts(one, f"{path}/{key}")


def po_file(language: str) -> Path:
    """Where people edit a language."""
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """Read a language; an empty catalogue where there is none yet."""
    file = po_file(language)
    if not file.exists():
        return Catalog(locale=language, domain=DOMAIN)
    with file.open("rb") as stream:
        return read_po(stream, locale=language, domain=DOMAIN)


def messages(catalog: Catalog) -> Iterator[Message]:
    """The messages of a catalogue without its header."""
    return (message for message in catalog if message.id)


def strings(message: Message) -> tuple[str, ...]:
    """The translations of a message, one for each plural form; empty where there is none."""
    string = message.string or ""
    return (string,) if isinstance(string, str) else tuple(each or "" for each in string)


def sources(message: Message) -> tuple[str, ...]:
    """The English text, singular and plural."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def compiled(catalog: Catalog, language: str) -> str:
    """The JSON that JupyterLab reads."""
    found: dict[str, object] = {
        "": {
            "domain": DOMAIN,
            "language": language.replace("_", "-"),
            "plural_forms": catalog.plural_forms,
            "version": DOMAIN,
        }
    }
    for message in messages(catalog):
        if all(strings(message)) and not message.fuzzy:
            context = f"{message.context}{CONTEXT}" if message.context else ""
            forms = strings(message)
            if message.pluralizable and len(forms) == 1:
                # Lab takes a single form for no plural at all, and would show the English one.
                forms *= 2
            found[context + sources(message)[0]] = list(forms)
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def problems(wanted: Catalog, catalog: Catalog, language: str) -> Iterator[str]:
    """What is missing or wrong in a language."""
    known = {(each.context, sources(each)): each for each in messages(catalog)}
    for message in messages(wanted):
        text = sources(message)
        there = known.pop((message.context, text), None)
        if there is None or not all(strings(there)) or there.fuzzy:
            yield f"{language}: not translated: {text[0]!r}"
            continue
        expected = set(PLACEHOLDER.findall(text[-1]))
        for string in strings(there):
            found = set(PLACEHOLDER.findall(string))
            # A form for one thing alone need not name the number.
            if found - expected or (expected - found and len(strings(there)) == 1):
                yield f"{language}: placeholders differ: {text[0]!r} → {string!r}"
    for _, text in known:
        yield f"{language}: no longer used: {text[0]!r}"


def update() -> None:
    """Bring the catalogues in line with the source and compile them."""
    wanted = extract()
    for language in LANGUAGES:
        catalog = read(language)
        # A guess from a similar text would be taken for a translation.
        catalog.update(wanted, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        file = po_file(language)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as stream:
            # Babel's own header has times and names, which change with every call.
            stream.write(HEADER.format(language=language, forms=catalog.plural_forms).encode())
            write_po(stream, catalog, 100, omit_header=True, sort_output=True, include_lineno=False)
        file.with_suffix(".json").write_text(compiled(catalog, language), encoding="utf-8")


def check() -> list[str]:
    """Every fault of every catalogue."""
    wanted = extract()
    found: list[str] = []
    for language in LANGUAGES:
        catalog = read(language)
        found += problems(wanted, catalog, language)
        made = po_file(language).with_suffix(".json")
        if not made.exists() or made.read_text(encoding="utf-8") != compiled(catalog, language):
            found.append(f"{language}: {made.name} is not what the .po says: make messages")
    return found


if __name__ == "__main__":
    if sys.argv[1:] == ["update"]:
        update()
    faults = check()
    print("\n".join(faults) or f"{len(list(messages(extract())))} texts, all translated")
    sys.exit(bool(faults) and sys.argv[1:] == ["check"])
