"""Make the pictures of the gallery smaller: 256 colours are all that a page of Lab's needs."""

from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "gallery"


def smaller(file: Path) -> None:
    """Write a picture again with a palette, unless it has one."""
    with Image.open(file) as picture:
        if picture.mode == "P":
            return
        reduced = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    reduced.save(file, optimize=True)


if __name__ == "__main__":
    for each in sorted(FOLDER.glob("*.png")):
        smaller(each)
