"""The settings of the Jupyter server extension, the service and the command line."""

from __future__ import annotations

from traitlets import HasTraits, TraitType

from jupyter_challenge.server.extension import ChallengeExtension
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.config import ChallengeConfig


def own_settings(kind: type[HasTraits]) -> dict[str, TraitType]:
    """Return the settings that a class adds to those of its parents."""
    return {
        name: trait
        for name, trait in kind.class_traits(config=True).items()
        if trait.this_class is kind
    }


def configuration() -> str:
    """Write a section for each setting of `ChallengeConfig`."""
    return _sections(ChallengeConfig)


def cluster_settings() -> str:
    """Write a section for each setting of `ClusterConfig`."""
    return _sections(ClusterConfig)


def server_settings() -> str:
    """Write a section for each setting of the Jupyter server extension."""
    return _sections(ChallengeExtension)


def _sections(kind: type[HasTraits]) -> str:
    return "\n".join(
        f"### {kind.__name__}.{name}\n\n{said(trait)}\n\n{_facts(kind, name, trait)}"
        for name, trait in own_settings(kind).items()
    )


def said(trait: TraitType) -> str:
    """Return the sentence that explains a setting."""
    return " ".join(trait.help.split())


def _facts(kind: type[HasTraits], name: str, trait: TraitType) -> str:
    facts = [("Type", _type(trait))]
    if not hasattr(kind, f"_default_{name}") and trait.default_value != "":
        facts.append(("Default", f"`{trait.default_value!r}`"))
    return "".join(f"{term}\n: {text}\n\n" for term, text in facts)


def _type(trait: TraitType) -> str:
    words = {"Unicode": "text", "Integer": "whole number", "Float": "number", "Bool": "yes or no"}
    said = words.get(type(trait).__name__, type(trait).__name__)
    low, high = getattr(trait, "min", None), getattr(trait, "max", None)
    if low not in (None, float("-inf")):
        said += f", at least {low}"
    if high not in (None, float("inf")):
        said += f", at most {high}"
    return said
