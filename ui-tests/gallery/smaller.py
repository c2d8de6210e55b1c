"""Make the pictures of the gallery smaller: no empty end, and 256 colours, which are enough."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageChops

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "gallery"
MARGIN = 24


def filled(picture: Image.Image) -> int:
    """Return the height down to which there is something, with a margin."""
    ground = Image.new("RGB", picture.size, picture.getpixel((0, picture.height - 1)))
    box = ImageChops.difference(picture, ground).getbbox()
    return min(picture.height, (box[3] if box else 0) + MARGIN)


def reduced(picture: Image.Image) -> Image.Image:
    """Return it with its most frequent colours as they are, and the others near to those."""
    colours, where, times = np.unique(
        np.asarray(picture).reshape(-1, 3), axis=0, return_inverse=True, return_counts=True
    )
    most = colours[np.argsort(times)[::-1][:256]]
    distances = ((colours[:, None, :].astype(int) - most[None, :, :]) ** 2).sum(axis=2)
    indexed = distances.argmin(axis=1)[where.ravel()].astype(np.uint8)
    made = Image.fromarray(indexed.reshape(picture.height, picture.width), "P")
    made.putpalette(most.ravel().tolist())
    return made


def smaller(file: Path) -> None:
    """Write a picture again with a palette, unless it has one."""
    with Image.open(file) as picture:
        if picture.mode == "P":
            return
        whole = picture.convert("RGB")
    kept = whole.crop((0, 0, whole.width, filled(whole)))
    reduced(kept).save(file, optimize=True)


if __name__ == "__main__":
    for each in sorted(FOLDER.glob("*.png")):
        smaller(each)
