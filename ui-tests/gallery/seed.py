"""The challenges of the gallery: the examples, with teams that have been at work for a month.

Called with the data folder while no server uses it.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.filling import fill  # noqa: E402
from jupyter_challenge import connect  # noqa: E402
from jupyter_challenge.client.configuration import load_config  # noqa: E402
from jupyter_challenge.service.auth import process_owner  # noqa: E402
from jupyter_challenge.store.database import Database  # noqa: E402

EXAMPLES = ROOT / "jupyter_challenge" / "examples"
TEAMS = """
    anchovy baryon boson charm dune eigen fermion gluon gradient hadron higgs impulse jet
    kaon kernel lepton lumen margin meson muon neutrino node octet orbit parton photon pion
    plasma proton quark rho scatter sigma spin strange tau tensor top vector vertex weak xi
    yukawa
""".split()  # noqa: SIM905


def seed(folder: Path) -> None:
    """Publish the examples and fill the boards."""
    config = load_config(folder)
    config.warm = False
    me = process_owner().name
    with connect(config=config) as client:
        for name in ("iris", "digits", "shower"):
            client.publish(EXAMPLES / name)
        for name in ("iris", "digits"):
            view = client.challenge(name)
            client.enter(name, view.terms_digest)
    db = Database(config.database_url)
    try:
        fill(db, "iris", [*TEAMS[:20], me, *TEAMS[20:]], 6)
        fill(db, "digits", TEAMS[:12], 4)
    finally:
        db.close()


if __name__ == "__main__":
    seed(Path(sys.argv[1]))
