import subprocess
import sys

import pytest

from jupyter_challenge.core.errors import ChallengeError, Conflict
from jupyter_challenge.core.template import create_challenge
from jupyter_challenge.core.validation import load_challenge


@pytest.mark.parametrize(
    ("folder", "options", "slug", "title"),
    [
        pytest.param("wine", {}, "wine", "Wine", id="from-the-folder"),
        pytest.param("Größe 5!", {}, "grosse-5", "Grosse 5", id="odd-folder"),
        pytest.param("***", {}, "my-challenge", "My challenge", id="nothing-left"),
        pytest.param("a", {"id": "no"}, "no", "No", id="id-that-yaml-would-take-for-false"),
        pytest.param("a", {"id": "2026"}, "2026", "2026", id="id-of-digits"),
        pytest.param(
            "a", {"title": 'A: "b" \\1 # c'}, "a", 'A: "b" \\1 # c', id="title-with-marks"
        ),
    ],
)
def test_a_new_folder_is_a_challenge_at_once(tmp_path, folder, options, slug, title):
    made = create_challenge(tmp_path / folder, **options)
    challenge = load_challenge(tmp_path / folder)
    assert (challenge.id, challenge.title) == (slug, title)
    found = {p.relative_to(tmp_path / folder).as_posix()
             for p in (tmp_path / folder).rglob("*") if p.is_file()}  # fmt: skip
    assert set(made) == found
    assert (tmp_path / folder / "README.md").read_text("utf-8").startswith(f"# {title}\n")


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(Conflict):
        create_challenge(tmp_path)
    with pytest.raises(Conflict):
        create_challenge(tmp_path / "mine.txt")
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    assert create_challenge(tmp_path / "empty")


@pytest.mark.parametrize("place", ["inside", "data/inside"])
def test_none_is_made_inside_another_that_would_publish_it(tmp_path, place):
    create_challenge(tmp_path / "sunshine")
    with pytest.raises(Conflict, match='"sunshine" is the folder that a challenge is published'):
        create_challenge(tmp_path / "sunshine" / place)
    assert not (tmp_path / "sunshine" / place).exists()


def test_an_id_that_cannot_be_one_is_refused_with_one_that_can(tmp_path):
    with pytest.raises(ChallengeError) as refused:
        create_challenge(tmp_path / "a", id="My Wine")
    assert "my-wine" in refused.value.hint
    assert not (tmp_path / "a").exists()


def test_the_rules_are_light_to_import():
    code = (
        "import sys\n"
        "from jupyter_challenge.core import (archive, bundle, challenge, errors, fairness,"
        " metrics, models, notebook, ranking, run, splitting, template, validation)\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'scipy', 'nbformat', 'pyarrow'} & set(sys.modules)"
        "\nassert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
