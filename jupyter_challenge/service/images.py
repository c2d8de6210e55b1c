"""Which image a submission is run in: what a team names itself has to be allowed here."""

from __future__ import annotations

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.errors import InvalidSubmission
from jupyter_challenge.core.images import HOW_TO_PIN, allowed, pinned
from jupyter_challenge.core.models import SubmissionRequest
from jupyter_challenge.service.state import Service


def named(service: Service, request: SubmissionRequest) -> str | None:
    """The image of a container submission, as it is run; None of other kinds.

    Raises:
        InvalidSubmission: It can't be run here, has no digest, or is not allowed.
    """
    if request.kind is not SubmissionKind.CONTAINER:
        if request.image is not None:
            raise InvalidSubmission(
                "Only a container submission names its image.",
                hint="Leave the image out, or hand in the image alone.",
            )
        return None
    if service.place != "cluster":
        raise InvalidSubmission(
            "Container images can only run on a cluster.",
            hint="Submit them to a service on a cluster (--url); here, submit a notebook or "
            "predictions, such as those that the container writes when you run it yourself.",
        )
    if request.parameters:
        raise InvalidSubmission(
            "Parameters are for notebooks.", hint="Put what the container needs into its image."
        )
    try:
        image = pinned(request.image or "")
    except ValueError as error:
        raise InvalidSubmission(f"{error}.", hint=HOW_TO_PIN) from error
    if not allowed(image, service.submitted_images):
        places = ", ".join(service.submitted_images)
        raise InvalidSubmission(
            f"Images of {image.partition('@')[0]} may not be run here.",
            hint=f"Push it where images may come from: {places}."
            if places
            else "The admin allows places for images by ClusterConfig.submitted_images.",
        )
    return image
