"""What a hub's servers can reach as the people they belong to: `storage.yaml`.

It imports in a hub's own image, which has pydantic and PyYAML.
"""

from jupyter_challenge.core.storage.model import (
    S3,
    Home,
    KeptToken,
    KeptTokens,
    Relay,
    Shared,
    SignIn,
    Storage,
    Token,
    TokenFormat,
)
from jupyter_challenge.core.storage.reading import check_storage, load_storage

__all__ = [
    "S3",
    "Home",
    "KeptToken",
    "KeptTokens",
    "Relay",
    "Shared",
    "SignIn",
    "Storage",
    "Token",
    "TokenFormat",
    "check_storage",
    "load_storage",
]
