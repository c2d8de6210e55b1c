"""Where each file of a published challenge is, and which of them decide a score."""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePosixPath
from typing import Any

from jupyter_challenge.core.challenge import Challenge
from jupyter_challenge.core.challenge_data import Data

_COMPRESSED = {".gz", ".bz2", ".xz", ".zst"}


class Layout:
    """Where each file of a challenge folder is in a version's folder.

    Only what participants may have is in `public/`: a file that is not named there, or that is
    named as labels or evaluator too, stays hidden.
    """

    def __init__(
        self,
        challenge: Challenge,
        manifest: list[dict[str, Any]],
        stored: dict[str, Any] | None = None,
    ) -> None:
        """Place the files of a manifest; `stored` is what the challenge has in a store."""
        self.stored = stored or {}
        self._challenge = challenge
        self._files = {each["path"]: each for each in manifest}
        self.places: dict[str, str] = {}
        self.files: list[dict[str, Any]] = []
        self.starter: str | None = None
        data = challenge.data
        self.labels = self._place(data.labels, f"hidden/labels/{PurePosixPath(data.labels).name}")
        self.evaluator = self._place_evaluator()
        self.inputs = self._place_inputs(data)
        self.sample = self._place_sample(data)
        if challenge.starter is not None:
            self.starter = PurePosixPath(challenge.starter).name
            self._place(challenge.starter, f"public/{self.starter}", self.starter)
        for baseline in challenge.baselines:
            if baseline.shared and baseline.notebook is not None:
                name = PurePosixPath(baseline.notebook).name
                self._place(baseline.notebook, f"public/{name}", name)

    def as_json(self) -> dict[str, Any]:
        """The layout as it is stored with the version."""
        return {
            "places": self.places,
            "files": sorted(self.files, key=lambda file: str(file["path"])),
            "inputs": self.inputs,
            "labels": self.labels,
            "evaluator": self.evaluator,
            "sample": self.sample,
            "starter": self.starter,
            **({"stored": self.stored} if self.stored else {}),
        }

    def evaluator_digest(self, labels: str, split: str | None) -> str:
        """Digest of all that decides a score: equal digests, comparable scores."""
        return digest_of(self.evaluation(labels, split))

    def evaluation(self, labels: str, split: str | None) -> dict[str, Any]:
        """All that decides a score, by what it is."""
        challenge = self._challenge
        names = challenge.data.labels if labels == "labels" else None
        if names is None and challenge.data.sample is not None:
            names = challenge.data.sample.labels
        output = challenge.submission.output
        return {
            "labels": [self._files[path]["sha256"] for path in self._below(names or "")],
            "evaluator": [
                [place, digest]
                for place, digest in sorted(self.places.items())
                if place.startswith("hidden/evaluator/")
            ],
            "function": challenge.evaluator.function if challenge.evaluator else None,
            "metrics": [
                metric.model_dump(mode="json", include={"name", "options"})
                for metric in challenge.metrics
            ],
            "output": output.model_dump(
                mode="json", include={"id", "prediction", "extra_ids", "ordered"}
            ),
            "split": split,
        }

    def _below(self, path: str) -> list[str]:
        """The file of that path, or all files of the folder."""
        return [name for name in sorted(self._files) if name == path or name.startswith(f"{path}/")]

    def _place(self, source: str, at: str, handed_out: str | None = None) -> str:
        for name in self._below(source):
            rest = name[len(source) :]
            self.places[at + rest] = self._files[name]["sha256"]
            if handed_out is not None:
                file = self._files[name]
                self.files.append(
                    {
                        "path": handed_out + rest,
                        "size": file["size"],
                        "sha256": file["sha256"],
                        "at": at + rest,
                    }
                )
        return at

    def _place_evaluator(self) -> str | None:
        """The evaluator's file and the Python files beside and below it, which it may import."""
        evaluator = self._challenge.evaluator
        if evaluator is None:
            return None
        folder = PurePosixPath(evaluator.file).parent
        for name in self._files:
            path = PurePosixPath(name)
            if path.suffix == ".py" and (folder == path.parent or folder in path.parents):
                self._place(name, f"hidden/evaluator/{path.relative_to(folder)}")
        return f"hidden/evaluator/{PurePosixPath(evaluator.file).name}"

    def _place_inputs(self, data: Data) -> dict[str, Any]:
        inputs = {}
        for name, source in (("train", data.train), ("test", data.test)):
            if source is None:
                continue
            target = name + self._suffix(source)
            hidden = name == "test" and data.hide_test
            at = f"{'hidden' if hidden else 'public'}/input/{target}"
            self._place(source, at, None if hidden else f"input/{target}")
            inputs[name] = {"at": at, "target": target}
        return inputs

    def _place_sample(self, data: Data) -> dict[str, Any] | None:
        if data.sample is None:
            return None
        target = "test" + self._suffix(data.sample.test)
        test = f"public/sample/{target}"
        self._place(data.sample.test, test, f"sample/{target}")
        name = "labels" + self._suffix(data.sample.labels)
        labels = self._place(data.sample.labels, f"public/sample/{name}", f"sample/{name}")
        return {
            "test": {"at": test, "target": target},
            "labels": labels,
            "evaluator": self.evaluator_digest("sample", None),
        }

    def _suffix(self, source: str) -> str:
        """The ending of a file, with that of what was compressed; none for a folder."""
        if source not in self._files:
            return ""
        return "".join(suffixes(source))


def suffixes(path: str) -> list[str]:
    """The ending of a file's name, with that of what was compressed."""
    found = PurePosixPath(path).suffixes
    return found[-2:] if found and found[-1] in _COMPRESSED else found[-1:]


def digest_of(value: Any) -> str:
    """The sha256 of a value that JSON can hold, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
