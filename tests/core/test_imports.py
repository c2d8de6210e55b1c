"""A failed import is told with what to do about it."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_challenge.core.imports import import_hint

LAB = {"packages": {"xgboost": "3.1.0", "scikit-learn": "1.9.1", "pytorch-lightning": "2.5"}}


@pytest.mark.parametrize(
    ("detail", "environment", "says"),
    [
        ("ModuleNotFoundError: No module named 'xgboost'", LAB, "Lab has xgboost 3.1.0, but"),
        ("ModuleNotFoundError: No module named 'sklearn.foo'", LAB, "has scikit-learn 1.9.1"),
        (
            "ModuleNotFoundError: No module named 'pytorch_lightning'",
            LAB,
            "has pytorch-lightning 2.5",
        ),
        ("ModuleNotFoundError: No module named 'features'", LAB, '"features" is installed neither'),
        ("ModuleNotFoundError: No module named 'features'", {}, '"features" is not installed'),
        ("ModuleNotFoundError: No module named 'x'", {"packages": "hostile"}, '"x" is not'),
        (
            "ImportError: cannot import name 'new' from 'xgboost' (/a/b.py)",
            LAB,
            "Lab has xgboost 3.1.0",
        ),
        (
            "ERROR: Error in library(ranger): there is no package called ‘ranger’",
            {},
            '"ranger" is not installed',
        ),
        ("NameError: name 'x' is not defined", LAB, ""),
    ],
)
def test_what_is_said(detail: str, environment: dict[str, Any], says: str) -> None:
    hint = import_hint(detail, environment)
    assert says in str(hint)
    assert bool(hint) == bool(says)
