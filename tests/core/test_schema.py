import json
from importlib.resources import files

import jsonschema
import pytest
import yaml

from jupyter_challenge.core.schema import PATH, schema, write_schema

PACKAGE = files("jupyter_challenge")


@pytest.fixture(scope="module")
def validator():
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


def test_the_schema_beside_the_code_is_current(tmp_path):
    write_schema(tmp_path / "new.json")
    assert PATH.read_text("utf-8") == (tmp_path / "new.json").read_text("utf-8"), (
        "run python -m jupyter_challenge.core.schema"
    )
    assert json.loads(PATH.read_text("utf-8"))["title"] == "challenge.yaml"


@pytest.mark.parametrize("name", ["examples/iris", "template"])
def test_what_we_ship_fits_the_schema(validator, name):
    validator.validate(yaml.safe_load((PACKAGE / name / "challenge.yaml").read_text("utf-8")))


@pytest.mark.parametrize(
    ("limits", "fits"),
    [
        pytest.param({"time": "10 min", "disk": "2 GiB"}, True, id="texts"),
        pytest.param({"time": 600, "disk": 2_000_000}, True, id="numbers"),
        pytest.param({"time": "soon"}, False, id="no-duration"),
        pytest.param({"disk": "2 min"}, False, id="duration-for-size"),
        pytest.param({"disk": 0}, False, id="zero"),
        pytest.param({"dsik": 1}, False, id="misspelt"),
    ],
)
def test_the_schema_knows_sizes_and_durations(validator, limits, fits):
    text = (PACKAGE / "template" / "challenge.yaml").read_text("utf-8")
    assert validator.is_valid(yaml.safe_load(text) | {"limits": limits}) is fits
