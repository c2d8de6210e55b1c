"""Keep the sign-in of a hub's users fresh: the access token in their auth state does not grow old.

The hub alone renews it. Where a provider gives every refresh token once (rotation), two renewals at
the same time end the session, so there is one at a time for each user, and whoever waited finds
what the one before saved. A hub that runs in several processes would need a lock between them.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from typing import Any
from weakref import WeakValueDictionary

from jupyterhub.auth import Authenticator
from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError

AuthState = dict[str, Any]
AuthModel = dict[str, Any]

NOTE = "jupyter_challenge"
"""The key in the auth state of what is noted about its access token."""

GROUPS_AGE = 30
"""Seconds after which the provider is asked anew in which groups somebody is."""
_PAUSE = 5.0
"""Seconds for which a provider that did not answer is not asked again."""
_PATIENCE = 5.0
"""Seconds that a request waits for somebody's groups, when those of before would do."""

log = logging.getLogger("jupyter_challenge.hub.tokens")


class FreshTokens:
    """The hook by which an OAuthenticator renews access tokens in good time.

    A token is renewed once half its life is over, or at `token_life` / 2 where the provider does
    not say how long it lives. Before that it serves to ask who its owner is by now, where the
    hub's groups are the provider's.
    """

    def __init__(self, token_life: float = 300) -> None:
        self.token_life = token_life
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._ask_again_at = 0.0
        self._asked_at: dict[str, float] = {}

    async def refresh(
        self, authenticator: Any, user: Any, auth_state: AuthState | None
    ) -> bool | AuthModel | None:
        """Called by the authenticator before a spawn and when the hub's own check grew old.

        Returns:
            True where all is well or nothing can be done now, False where the user has to sign in
            again, the new model where there is a new token or something else has changed, None to
            leave it to the authenticator.
        """
        if not auth_state:
            return None
        came_at = time.monotonic()
        lock = self._locks.setdefault(user.name, asyncio.Lock())
        async with lock:
            state = await user.get_auth_state()
            if not state:
                return None
            noted = note(state)
            if noted.get("refused"):
                return False
            left = noted.get("expires_at", 0) - time.time()
            young = left > noted.get("life", self.token_life) / 2
            if young or not state.get("refresh_token"):
                if left <= 0:
                    return False
                if self._asked_at.get(user.name, 0.0) > came_at:
                    return True  # another request asked while this one waited
                return await self._look(authenticator, user, state)
            if time.monotonic() < self._ask_again_at:
                return True
            return await self._renew(authenticator, user, state)

    async def _look(self, authenticator: Any, user: Any, state: AuthState) -> bool | AuthModel:
        """Ask who the user is by now, with the token that there is."""
        if not authenticator.manage_groups or authenticator.userdata_from_id_token:
            return True
        if time.monotonic() < self._ask_again_at:
            return True
        try:
            asked = authenticator._token_to_auth_model(state["token_response"])
            model: AuthModel = await asyncio.wait_for(asked, _PATIENCE)
        except (HTTPClientError, HTTPError, OSError, ValueError, asyncio.TimeoutError) as error:
            if isinstance(error, HTTPClientError) and error.code in {401, 403}:
                # The token alone was taken back, or the sign-in has ended: a renewal tells which.
                can = state.get("refresh_token")
                return await self._renew(authenticator, user, state) if can else False
            self._ask_again_at = time.monotonic() + _PAUSE
            log.warning("The provider did not say who %s is: %s", user.name, _kind(error))
            return True
        self._asked_at[user.name] = time.monotonic()
        if model["name"] != user.name:
            return _called_otherwise(user)
        # The hub keeps the one that it has, by then perhaps a newer one.
        model.pop("auth_state", None)
        as_before = set(model.get("groups") or ()) == {group.name for group in user.groups}
        return as_before and model.get("admin") in {None, user.admin} or model

    async def _renew(self, authenticator: Any, user: Any, state: AuthState) -> bool | AuthModel:
        params = authenticator.build_refresh_token_request_params(state["refresh_token"])
        try:
            answer = await authenticator.get_token_info(None, params)
        except Exception as error:
            if _is_refusal(error):
                log.info("The provider refused to renew the token of %s: sign-in ended", user.name)
                state[NOTE] = {**note(state), "refused": True}
                await user.save_auth_state(state)
                return False
            self._ask_again_at = time.monotonic() + _PAUSE
            log.warning("The token of %s was not renewed: %s", user.name, _kind(error))
            return True
        answer.setdefault("refresh_token", state["refresh_token"])
        # Saved before anything else can fail: the old refresh token may be spent.
        fresh = {
            **state,
            "access_token": answer["access_token"],
            "refresh_token": answer["refresh_token"],
            "id_token": answer.get("id_token") or state.get("id_token"),
            "token_response": answer,
        }
        fresh[NOTE] = self.note_of(answer)
        await user.save_auth_state(fresh)
        return await self._model(authenticator, user, answer, fresh[NOTE])

    async def _model(
        self, authenticator: Any, user: Any, answer: dict[str, Any], noted: dict[str, Any]
    ) -> bool | AuthModel:
        """Ask who the user is now (groups, above all) and save that too."""
        try:
            # No public name for it up to oauthenticator 17: `tests/hub/test_tokens.py` watches.
            model: AuthModel = await authenticator._token_to_auth_model(answer)
        except HTTPClientError as error:
            if error.code in {401, 403}:
                log.info("The provider does not know %s any more: sign-in ended", user.name)
                return False
            log.warning("The provider did not say who %s is: %s", user.name, _kind(error))
            return True
        except OSError as error:
            log.warning("The provider did not say who %s is: %s", user.name, _kind(error))
            return True
        self._asked_at[user.name] = time.monotonic()
        if model["name"] != user.name:
            return _called_otherwise(user)
        model["auth_state"][NOTE] = noted
        await user.save_auth_state(model["auth_state"])
        return model

    def note_of(self, answer: dict[str, Any]) -> dict[str, Any]:
        """What is noted about an access token that came just now."""
        now = time.time()
        life = answer.get("expires_in")
        if life is None:
            expires_at = expiry(answer["access_token"])
            life = expires_at - now if expires_at is not None else self.token_life
        return {"renewed_at": now, "expires_at": now + float(life), "life": float(life)}

    def noted(self, authenticator: Any, auth_state: AuthState) -> AuthState:
        """Called by the authenticator with a new auth state, at a sign-in above all."""
        auth_state[NOTE] = self.note_of(auth_state["token_response"])
        return auth_state


def note(auth_state: AuthState) -> dict[str, Any]:
    """What is noted about the access token in an auth state; empty for one of before."""
    noted = auth_state.get(NOTE)
    return noted if isinstance(noted, dict) else {}


def newer(authenticator: Any, auth_model: AuthModel, existing: AuthState | None) -> Any:
    """Called by the hub (6.1 or newer) when it saves an auth state: none goes back to an older one.

    The hub saves what the hook returned once more, after the lock: by then there may be newer.
    """
    coming: AuthState = auth_model["auth_state"]
    if not existing:
        return coming
    there, here = note(existing), note(coming)
    if there.get("renewed_at", 0) > here.get("renewed_at", 0):
        return existing
    same = there.get("renewed_at") == here.get("renewed_at")
    return existing if same and there.get("refused") else coming


def keep_signed_in(c: Any, *, token_life: float = 300, groups: str = "groups") -> FreshTokens:
    """Have a hub keep its users' tokens fresh; called by `jupyter_challenge.hub.configure`.

    The provider's addresses, client id and secret stay the hub's own settings of its
    OAuthenticator. The auth state is encrypted by a key that the hub has to be given
    (`CryptKeeper.keys`, or JUPYTERHUB_CRYPT_KEY).

    Args:
        c: The hub's configuration.
        token_life: Seconds that the provider's access tokens live; shorter is safe.
        groups: The claim with the user's groups, which become those of the hub; "" leaves the
            hub's groups alone.
    """
    fresh = FreshTokens(token_life)
    c.Authenticator.enable_auth_state = True
    c.Authenticator.refresh_pre_spawn = True
    oldest = min(token_life / 3, GROUPS_AGE) if groups else token_life / 3
    c.Authenticator.auth_refresh_age = max(1, int(oldest))
    if hasattr(Authenticator, "reconcile_auth_state_hook"):
        c.Authenticator.reconcile_auth_state_hook = newer
    c.OAuthenticator.enable_pkce = True
    c.OAuthenticator.refresh_user_hook = fresh.refresh
    c.OAuthenticator.modify_auth_state_hook = fresh.noted
    if groups:
        c.Authenticator.manage_groups = True
        c.OAuthenticator.auth_state_groups_key = f"oauth_user.{groups}"
    return fresh


def _called_otherwise(user: Any) -> bool:
    log.warning("The provider calls %s by another name now: sign-in ended", user.name)
    return False


def _is_refusal(error: Exception) -> bool:
    """Whether the provider says that the session is over, and not that something is wrong."""
    if isinstance(error, HTTPError):  # an answer of 200 that holds an error
        return error.status_code == 403
    if not isinstance(error, HTTPClientError) or error.response is None:
        return False
    try:
        said = json.loads(error.response.body)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("error") == "invalid_grant"


def _kind(error: Exception) -> str:
    """An error in words that cannot hold a token."""
    code = getattr(error, "code", None)
    return f"{type(error).__name__} {code}" if isinstance(code, int) else type(error).__name__


def expiry(token: str) -> float | None:
    """When a JWT ends by its own word; None for an opaque token."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(payload["exp"])
    except (ValueError, KeyError, TypeError):
        return None
