"""What the pictures show: challenges whose teams have been at work for a month, and my own files.

Called with the data folder and the folder of the user's files, while no server uses them.
"""

import json
import shutil
import sys
import tempfile
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from pathlib import Path

import sqlalchemy as sa

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.filling import fill  # noqa: E402
from jupyter_challenge.client.configuration import load_config  # noqa: E402
from jupyter_challenge.client.connection import client_of  # noqa: E402
from jupyter_challenge.client.embedded import start_embedded  # noqa: E402
from jupyter_challenge.core.errors import FAILURES, FailureClass  # noqa: E402
from jupyter_challenge.service.auth import Identity, process_owner  # noqa: E402
from jupyter_challenge.store.database import Database  # noqa: E402
from jupyter_challenge.store.orm import (  # noqa: E402
    RunRow,
    ScoreRow,
    StandingLogRow,
    StandingRow,
    SubmissionRow,
)
from tests.tiny import write_challenge, write_notebook  # noqa: E402

EXAMPLES = ROOT / "jupyter_challenge" / "examples"
TEAMS = """
    anchovy baryon boson charm dune eigen fermion gluon gradient hadron higgs impulse jet
    kaon kernel lepton lumen margin meson muon neutrino node octet orbit parton photon pion
    plasma proton quark rho scatter sigma spin strange tau tensor top vector vertex weak xi
    yukawa
""".split()  # noqa: SIM905
FLOWERS = 30
MISHAPS = (
    (FailureClass.CELL_ERROR, "KeyError: 'petal_width'"),
    (FailureClass.CELL_ERROR, "ModuleNotFoundError: No module named 'catboost'"),
    (FailureClass.TIME_LIMIT, ""),
    (FailureClass.WRONG_IDS, "The id 7f3a is not in the test data."),
    (FailureClass.NO_PREDICTIONS, ""),
    (FailureClass.CELL_ERROR, "ValueError: Input X contains NaN."),
    (FailureClass.OUT_OF_MEMORY, ""),
)


def seed(data: Path, files: Path) -> None:
    """Publish, fill the boards, hand in, and put files beside them."""
    config = load_config(data)
    me = process_owner().name
    db = Database(config.database_url)
    with ExitStack() as stack:
        service = start_embedded(config)
        stack.callback(service.stop)
        client = stack.enter_context(client_of(service))
        organiser = stack.enter_context(client_of(service, Identity("baseline")))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        for name in ("iris", "digits", "shower"):
            client.publish(EXAMPLES / name)
        for each in _dated(Path(folder)):
            client.publish(each)
        for name in ("iris", "digits"):
            client.enter(name, client.challenge(name).terms_digest)
        fill(db, "iris", [*TEAMS[:20], me, *TEAMS[20:]], 6, grain=FLOWERS)
        fill(db, "digits", TEAMS[:12], 4)
        fill(db, "tracks", [*TEAMS[5:24], me], 5)
        fill(db, "jets", [*TEAMS[8:30], me], 7)
        _let_fail(db)
        organiser.enter("iris", client.challenge("iris").terms_digest)
        organiser.wait(organiser.submit(EXAMPLES / "iris/baselines/stump.csv", "iris").id)
        client.get("iris", files / "iris")
        starter = next((files / "iris").glob("*.ipynb"))
        for depth, note in ((1, "only one cut"), (1, "the same again"), (2, "two cuts")):
            client.wait(client.submit(starter, parameters={"max_depth": depth}, note=note).id)
        changed = _changed(starter)
        client.wait(client.submit(changed, parameters={"max_depth": 3}, note="petal areas").id)
        client.wait(client.submit(_broken(files / "iris"), challenge="iris").id)
    db.close()
    _mistaken(files / "petals")


def _dated(folder: Path) -> list[Path]:
    """Write challenges that are nearly over, ended with a private board, and still to come."""
    now = datetime.now(timezone.utc).replace(microsecond=0)
    made = []
    for name, title, summary, begins, ends in (
        ("jets", "Jets", "Say which jets hold a bottom quark.", -26, 3.2),
        ("tracks", "Tracks", "Join the hits of a detector to tracks.", -40, -0.2),
        ("lenses", "Lenses", "Find galaxies that bend light.", 12, 60),
    ):
        phase = {
            "id": "final",
            "title": "Final",
            "start": (now + timedelta(days=begins)).isoformat(),
            "end": (now + timedelta(days=ends)).isoformat(),
            "split": {"public": 0.5},
            "quota": {"per_day": 5},
        }
        made.append(
            write_challenge(
                folder / name,
                id=name,
                title=title,
                summary=summary,
                metrics=[{"name": "accuracy", "ranked": True}, {"name": "log_loss"}],
                phases=[phase],
            )
        )
    return made


def _let_fail(db: Database) -> None:
    """Let some of the submissions that never counted have failed."""
    with db.write() as session:
        counted = sa.select(StandingLogRow.submission_id).union(
            sa.select(StandingRow.submission_id)
        )
        rows = session.scalars(
            sa.select(SubmissionRow)
            .where(SubmissionRow.challenge_id == "iris", SubmissionRow.id.not_in(counted))
            .order_by(SubmissionRow.created_at.desc())
        ).all()
        for at, row in enumerate(rows[::4]):
            kind, detail = MISHAPS[at % len(MISHAPS)]
            text = FAILURES[kind]
            row.state, row.score = "failed", None
            row.failure, row.fault = kind.value, text.fault.value
            run = session.scalar(sa.select(RunRow).where(RunRow.submission_id == row.id))
            assert run is not None
            run.state = "failed"
            run.failure = {"failure_class": kind.value, "detail": detail, "step": "run"}
            session.execute(sa.delete(ScoreRow).where(ScoreRow.run_id == run.id))


def _changed(starter: Path) -> Path:
    """Write the starter again with another cell, which is what one compares."""
    content = json.loads(starter.read_text("utf-8"))
    cell = next(each for each in content["cells"] if each["id"] == "train-model")
    source = "".join(cell["source"])
    features = 'features = ["sepal_length", "sepal_width", "petal_length", "petal_width"]\n'
    assert features in source
    cell["source"] = source.replace(
        features,
        "for flowers in (train, test):\n"
        '    flowers["petal_area"] = flowers["petal_length"] * flowers["petal_width"]\n\n'
        'features = ["sepal_length", "petal_length", "petal_width", "petal_area"]\n',
    ).splitlines(keepends=True)
    file = starter.with_name("areas.ipynb")
    file.write_text(json.dumps(content), "utf-8")
    return file


def _broken(folder: Path) -> Path:
    return write_notebook(
        folder / "forest.ipynb",
        "import pandas as pd\n\ntrain = pd.read_csv('input/train.csv')\ntrain.describe()",
        "from sklearn.ensemble import RandomForestClassifier\n\n"
        "model = RandomForestClassifier(n_estimators=200, random_state=1)\n"
        "features = ['sepal_length', 'petal_length', 'petal_area']\n"
        "model.fit(train[features], train['species'])",
        "print('never reached')",
        ours={"challenge": "iris", "files": []},
    )


def _mistaken(folder: Path) -> None:
    """A challenge folder that cannot be published yet."""
    shutil.copytree(EXAMPLES / "iris", folder, ignore=shutil.ignore_patterns("__pycache__"))
    spec = folder / "challenge.yaml"
    text = spec.read_text("utf-8")
    for right, wrong in (
        ("id: iris", "id: petals"),
        ("- name: accuracy", "- name: acuracy"),
        ("per_day: 50\n", "per_day: lots\n"),
        ("data/train.csv", "data/training.csv"),
    ):
        text = text.replace(right, wrong, 1)
    spec.write_text(text, "utf-8")
    # Files that a notebook declares and that are not there stand against handing it in.
    notebook = folder.parent / "iris" / "forest.ipynb"
    content = json.loads(notebook.read_text("utf-8"))
    content["metadata"]["jupyter_challenge"]["files"] = ["features.py"]
    notebook.write_text(json.dumps(content), "utf-8")


if __name__ == "__main__":
    seed(Path(sys.argv[1]), Path(sys.argv[2]))
