"""Variables by which a hub tells a server what it reaches as its owner; none holds a secret."""

KEPT_TOKENS = "JUPYTER_CHALLENGE_TOKENS"
"""Which tokens the server keeps, as JSON (`core.storage.KeptTokens`)."""

OWN_S3 = "CHALLENGE_S3"
"""The address of the owner's own prefix in S3."""
