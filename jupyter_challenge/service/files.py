"""Files of a challenge that participants may have."""

from __future__ import annotations

import mimetypes
import re

from jupyter_challenge.core.errors import NotFound
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.outputs import Attachment
from jupyter_challenge.service.quotas import check_entered
from jupyter_challenge.service.seeing import see
from jupyter_challenge.service.state import Service


def challenge_file(
    service: Service, identity: Identity, challenge_id: str, path: str, range_header: str = ""
) -> Attachment:
    """A file of `ChallengeView.files`, by the name that it has in the participant's folder.

    A `Range` of the form `bytes=N-` asks for the rest of it; of any other form for all of it.

    Raises:
        NotFound: It is none of them, whatever else the challenge may hold.
        NotEntered: There are terms, and they were not accepted.
    """
    with service.db.read() as session:
        seen = see(session, identity, challenge_id)
        if seen.version.terms_digest is not None and not seen.manages:
            check_entered(session, seen)
    for file in seen.version.layout["files"]:
        if file["path"] == path:
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            digest, size = str(file["sha256"]), int(file["size"])
            rest = re.fullmatch(r"bytes=(\d{1,18})-", range_header)
            start = int(rest[1]) if rest and int(rest[1]) < size else 0
            return Attachment(
                path.rsplit("/", 1)[-1], kind, digest, size, service.blobs.stream(digest, start),
                start,
            )  # fmt: skip
    raise NotFound(
        f'"{path}" is not a file that the challenge hands out.',
        hint="The challenge's Data page lists its files.",
    )
