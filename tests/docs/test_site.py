"""The documentation as it is built: without warnings, whole, and without the network."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from tests.docs.conftest import DOCS, Site

OUTSIDE = ("http://", "https://", "//", "mailto:")


def test_every_link_within_leads_somewhere(site: Site) -> None:
    broken = []
    for page in site.pages.values():
        for link in page.links:
            if link.startswith(OUTSIDE) or link in ("#", ""):
                continue
            parts = urlsplit(link)
            target = page.path
            if parts.path:
                target = (page.path.parent / unquote(parts.path)).resolve()
            name = target.relative_to(site.folder.resolve()).with_suffix("").as_posix()
            if not target.is_file():
                broken.append(f"{page.path.name}: {link}")
            elif parts.fragment and unquote(parts.fragment) not in site.pages[name].anchors:
                broken.append(f"{page.path.name}: {link} (no such heading)")

    assert broken == []


def test_a_page_loads_nothing_from_elsewhere(site: Site) -> None:
    loaded = {
        f"{name}: {address}"
        for name, page in site.pages.items()
        for address in page.loads
        if address.startswith(OUTSIDE)
    }
    styles = {
        f"{sheet.name}: {line.strip()[:80]}"
        for sheet in site.folder.rglob("*.css")
        for line in sheet.read_text("utf-8").splitlines()
        if "@import url(http" in line or "url(http" in line or "url(//" in line
    }

    assert loaded | styles == set()


def test_a_page_shows_every_picture_of_the_hub(site: Site) -> None:
    taken = {each.name for each in (DOCS / "screenshots").glob("hub-*.png")}
    shown = {source.rpartition("/")[2] for page in site.pages.values() for source, _ in page.images}

    assert taken - shown == set()


def test_every_picture_says_what_is_on_it(site: Site) -> None:
    silent = [
        f"{name}: {source}"
        for name, page in site.pages.items()
        for source, alt in page.images
        if len(alt) < 15
    ]

    assert silent == []
