"""The storage of a hub's servers: homes, shared data, tokens, S3, as pydantic models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from jupyter_challenge.core.challenge_parts import Part, Slug
from jupyter_challenge.core.compute.profile import ObjectName
from jupyter_challenge.core.model_problems import Found
from jupyter_challenge.core.units import Duration, Size

Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/\S*)?$")]
Folder = Annotated[str, StringConstraints(pattern=r"^(/[^/\s]+)+$")]
Listen = Annotated[str, StringConstraints(pattern=r"^[^\s:]*:\d{1,5}$")]
Bucket = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]

USER = "{username}"
"""What stands for the user's name in a prefix."""


class Relay(Part):
    """The token relay: a service of the hub that gives servers their owners' tokens."""

    url: Address = Field(description="Where servers reach it.")
    listen: Listen = Field(default=":8090", description="Host and port that it listens on.")
    hub: Address = Field(description="The hub's API, such as http://hub:8081/hub/api.")
    provider: Address = Field(description="The OpenID provider's token end point.")
    client: str = Field(description="The hub's client id at the provider.")
    client_auth: Literal["basic", "post"] = Field(
        default="basic", description="How the client's secret is sent: as a header or in the form."
    )
    client_secret_file: Folder = Field(
        default="/etc/challenge/relay/client-secret", description="File with the client's secret."
    )
    token_file: Folder = Field(
        default="/etc/challenge/relay/hub-token",
        description="File with the relay's own token, which the hub knows it by.",
    )
    requests_per_minute: int = Field(
        default=60, ge=1, description="How many requests of one server are answered in a minute."
    )


class TokenFormat(str, Enum):
    """What is written around a token in its file."""

    PLAIN = "plain"
    EOS = "eos"


class Token(Part):
    """A token that servers get of their owner, for one audience."""

    name: Slug = Field(description="Short name; its file is called so.")
    audience: str = Field(description="For whom it is: the audience that the provider puts in.")
    scope: str = Field(
        default="", description="Scopes to ask the provider for, where it needs to be told."
    )
    resource: str = Field(default="", description="Resource to ask for (RFC 8693), if any.")
    format: TokenFormat = Field(
        default=TokenFormat.PLAIN,
        description="plain: the token alone. eos: as an EOS client reads it.",
    )
    userinfo: Address | None = Field(
        default=None, description="The provider's userinfo end point, which EOS asks (format eos)."
    )
    groups: list[str] = Field(
        default_factory=list, description="Groups that get it; everybody when left out."
    )

    @model_validator(mode="after")
    def _agrees(self) -> Token:
        if self.format is TokenFormat.EOS and self.userinfo is None:
            raise ValueError(
                "an EOS client is told whom to ask; add `userinfo:` with the provider's end point"
            )
        return self

    @property
    def kept(self) -> KeptToken:
        """How a server keeps it."""
        file = f"{self.name}.token"
        if self.format is TokenFormat.EOS and self.userinfo is not None:
            asked = self.userinfo.split("://", 1)[1]
            return KeptToken(name=self.name, file=file, prefix="oauth2:", suffix=f":{asked}")
        return KeptToken(name=self.name, file=file)

    def usable_by(self, groups: Iterable[str]) -> bool:
        """Whether members of these groups get it."""
        return not self.groups or not frozenset(self.groups).isdisjoint(groups)


class Home(Part):
    """Everybody's home: a volume that stays when the server ends."""

    size: Size = Field(description="How much fits in.")
    storage_class: ObjectName | None = Field(
        default=None, description="Kind of volume; the cluster's default when left out."
    )
    access_mode: Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"] = Field(
        default="ReadWriteOnce", description="On how many nodes it may be mounted at once."
    )
    path: Folder = Field(default="/home/jovyan", description="Where it is in the server.")


class Shared(Part):
    """Data that many servers see: a PersistentVolumeClaim in their namespace."""

    name: Slug = Field(description="Short name.")
    claim: ObjectName = Field(description="Name of the PersistentVolumeClaim.")
    path: Folder = Field(description="Where it is in the server.")
    sub_path: str = Field(default="", description="Folder of it that is shown; all when left out.")
    read_only: bool = Field(default=True, description="Whether nobody can write to it.")
    groups: list[str] = Field(
        default_factory=list, description="Groups that see it; everybody when left out."
    )
    writers: list[str] = Field(
        default_factory=list, description="Groups that may write where the others may only read."
    )

    def usable_by(self, groups: Iterable[str]) -> bool:
        """Whether members of these groups see it."""
        seen_by = frozenset(self.groups) | frozenset(self.writers if self.groups else ())
        return not seen_by or not seen_by.isdisjoint(groups)

    def writable_by(self, groups: Iterable[str]) -> bool:
        """Whether members of these groups may write to it."""
        return not self.read_only or not frozenset(self.writers).isdisjoint(groups)


class S3(Part):
    """An object store that servers use under their owner's identity."""

    endpoint: Address | None = Field(
        default=None, description="Its address; that of AWS in the region when left out."
    )
    sts: Address | None = Field(
        default=None, description="Where keys are had for a token; the endpoint when left out."
    )
    region: str = Field(default="us-east-1", description="Its region.")
    role: str = Field(
        description="ARN of the role whose policy says what people may do; MinIO prints its own."
    )
    token: Slug = Field(description="Name of the token that it takes.")
    bucket: Bucket | None = Field(default=None, description="Bucket with everybody's own prefix.")
    prefix: str = Field(
        default=f"{USER}/", description=f"One's own prefix in it; {USER} is the name at the hub."
    )
    keys_live: Duration | None = Field(
        default=None,
        description="How long S3's keys live, 20 min to 12 h: the relay asks for it. Left out, "
        "clients ask S3 themselves: AWS and Ceph give an hour, MinIO as long as the token lives.",
    )

    @model_validator(mode="after")
    def _agrees(self) -> S3:
        # botocore asks for new ones 15 minutes before the end: of shorter ones, at every request.
        if self.keys_live is not None and not 1_200 <= self.keys_live <= 43_200:
            raise ValueError("keys live for 20 minutes to 12 hours; write for example 30 min")
        if self.bucket is not None and USER not in self.prefix:
            raise ValueError(f"everybody would have the same prefix; write {USER} in it")
        return self

    @property
    def keys_from(self) -> str:
        """Where keys are had for a token."""
        return self.sts or self.endpoint or f"https://sts.{self.region}.amazonaws.com"

    def own(self, username: str) -> str | None:
        """The address of somebody's own prefix, if there is one."""
        if self.bucket is None:
            return None
        return f"s3://{self.bucket}/{self.prefix.replace(USER, username)}"


class SignIn(Part):
    """How people sign in at the hub: what has to be known of the provider to stay signed in."""

    token_life: Duration = Field(
        default=300.0,
        description="How long the provider's access tokens live; shorter is safe. The hub looks "
        "at a sign-in three times in that, and every 30 s where it takes groups from there.",
    )
    groups: str = Field(
        default="groups",
        description='The claim with the groups, which become those of the hub; "" leaves the '
        "hub's groups alone.",
    )


class StorageParts(Part):
    """The parts of `storage.yaml`, each well in itself."""

    sign_in: SignIn = Field(
        default_factory=SignIn, description="How people sign in; for tokens alone."
    )
    relay: Relay | None = Field(default=None, description="The token relay.")
    tokens: list[Token] = Field(
        default_factory=list, description="Tokens that servers keep of their owner."
    )
    folder: Folder = Field(
        default="/run/challenge",
        description="Folder of the server that is in memory alone; the tokens are in `tokens`.",
    )
    home: Home | None = Field(default=None, description="Everybody's home.")
    shared: list[Shared] = Field(default_factory=list, description="Data that many servers see.")
    s3: S3 | None = Field(default=None, description="An object store.")

    @property
    def tokens_folder(self) -> str:
        """Where the tokens' files are in the server."""
        return f"{self.folder}/tokens"

    def token(self, name: str) -> Token | None:
        """The token with a name."""
        return next((token for token in self.tokens if token.name == name), None)


class KeptToken(Part):
    """A token that a server keeps in a file."""

    name: Slug
    file: str
    prefix: str = ""
    suffix: str = ""


class KeptTokens(Part):
    """What a server is told of the tokens that it keeps; no secret is in it."""

    relay: Address
    folder: Folder
    tokens: list[KeptToken]


class Storage(StorageParts):
    """What servers of a hub reach as the people they belong to."""

    @model_validator(mode="after")
    def _agrees(self) -> Storage:
        for _, message, fix, _ in disagreements(self):
            raise ValueError(f"{message}; {fix}")
        return self


def disagreements(storage: StorageParts) -> Iterator[Found]:
    """Find what is wrong between parts that are well in themselves."""
    if storage.tokens and storage.relay is None:
        yield (
            ("tokens",),
            "nobody gives servers these tokens",
            "add `relay:` with the token relay",
            True,
        )
    known = {token.name for token in storage.tokens}
    if storage.s3 is not None and storage.s3.token not in known:
        there = f"there are {', '.join(sorted(known))}" if known else "there are none"
        yield (
            ("s3", "token"),
            f'there is no token "{storage.s3.token}"',
            f"name one of `tokens:`; {there}",
            False,
        )
    yield from _twice("tokens", [token.name for token in storage.tokens])
    yield from _twice("shared", [each.name for each in storage.shared])
    yield from _inside(storage)


def _twice(part: str, names: list[str]) -> Iterator[Found]:
    for at, name in enumerate(names):
        if name in names[:at]:
            yield (part, at, "name"), f'two have the name "{name}"', "give each its own", False


def _inside(storage: StorageParts) -> Iterator[Found]:
    """Find folders that hide one another: only data inside the home is well."""
    places: list[tuple[tuple[str | int, ...], str]] = [(("folder",), storage.folder)]
    if storage.home is not None:
        places.append((("home", "path"), storage.home.path))
    for at, shared in enumerate(storage.shared):
        path = PurePosixPath(shared.path)
        for loc, other in places:
            there = PurePosixPath(other)
            in_home = loc == ("home", "path") and path != there and there in path.parents
            if not in_home and (path == there or path in there.parents or there in path.parents):
                yield (
                    ("shared", at, "path"),
                    f"{shared.path} and {other} hide one another",
                    "choose another path",
                    False,
                )
        places.append((("shared", at, "path"), shared.path))
