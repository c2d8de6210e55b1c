"""A JupyterHub whose users pick a compute profile: `configure(c, catalogue=…)` in its settings.

The room imports in a hub's own image: pydantic, PyYAML and what JupyterHub, KubeSpawner and
OAuthenticator bring along.
"""

from jupyter_challenge.hub.challenge_service import ChallengeService
from jupyter_challenge.hub.configure import configure

__all__ = ["ChallengeService", "configure"]
