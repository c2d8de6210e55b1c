import os
import urllib.parse

import pytest

from tests.postgres_server import find_binaries, postgres_server

pytestmark = pytest.mark.postgres


@pytest.mark.skipif(
    find_binaries() is None and not os.environ.get("CI"), reason="PostgreSQL is not installed"
)
def test_server_answers_and_is_gone_afterwards() -> None:
    import psycopg

    with postgres_server() as url:
        plain = url.replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(plain) as connection:
            row = connection.execute("select current_database(), 1 + 1").fetchone()
        assert row == ("challenge", 2)
        port = urllib.parse.urlsplit(url).port

    with pytest.raises(psycopg.OperationalError, match=str(port)):
        psycopg.connect(plain, connect_timeout=2).close()
