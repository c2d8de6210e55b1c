"""The words in other languages: whole, well formed, and found by JupyterLab."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog
from jupyterlab_server.translation_utils import get_language_pack

ROOT = Path(__file__).parent.parent


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "scripts" / "messages.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MESSAGES = load()


def test_every_text_is_translated_and_compiled() -> None:
    assert MESSAGES.check() == []


@pytest.mark.parametrize(
    ("text", "translation", "fault"),
    [
        pytest.param("Board", "Tafel", None, id="whole"),
        pytest.param("Board", "", "not translated", id="empty"),
        pytest.param("Rank %1", "Rang", "placeholders differ", id="placeholder-lost"),
        pytest.param("Rank %1", "Rang %1 von %2", "placeholders differ", id="placeholder-new"),
        pytest.param(
            ("1 team", "%1 teams"), ("1 Team", "%1 Teams"), None, id="singular-without-number"
        ),
        pytest.param(("1 team", "%1 teams"), ("1 Team", ""), "not translated", id="one-form-empty"),
    ],
)
def test_faults_are_found(
    text: str | tuple[str, ...], translation: str | tuple[str, ...], fault: str | None
) -> None:
    wanted, catalog = Catalog(locale="de_DE"), Catalog(locale="de_DE")
    wanted.add(text)
    catalog.add(text, translation)

    found = list(MESSAGES.problems(wanted, catalog, "de_DE"))

    assert [fault in one for one in found] == ([True] if fault else [])


def test_a_text_that_nobody_shows_is_found() -> None:
    catalog = Catalog(locale="de_DE")
    catalog.add("Gone", "Fort")

    assert "no longer used" in next(MESSAGES.problems(Catalog(), catalog, "de_DE"))


@pytest.mark.parametrize("language", MESSAGES.LANGUAGES)
def test_jupyterlab_finds_the_words(language: str) -> None:
    pack, message = get_language_pack(language)

    assert message == ""
    ours = pack["jupyter_challenge"]
    assert ours[""]["language"] == language.replace("_", "-")
    assert ours["Submit"] != ["Submit"]
