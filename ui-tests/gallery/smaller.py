"""Make the pictures of the gallery smaller: no empty end, and 256 colours, which are enough."""

from pathlib import Path

from PIL import Image, ImageChops

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "gallery"
MARGIN = 24


def filled(picture: Image.Image) -> int:
    """Return the height down to which there is something, with a margin."""
    ground = Image.new("RGB", picture.size, picture.getpixel((0, picture.height - 1)))
    box = ImageChops.difference(picture, ground).getbbox()
    return min(picture.height, (box[3] if box else 0) + MARGIN)


def palette(picture: Image.Image) -> Image.Image:
    """Return the most frequent colours as they are: areas and letters keep theirs."""
    found = sorted(picture.getcolors(picture.width * picture.height), reverse=True)
    most = [channel for _, colour in found[:256] for channel in colour]
    made = Image.new("P", (1, 1))
    made.putpalette(most + most[:3] * (256 - len(most) // 3))
    return made


def smaller(file: Path) -> None:
    """Write a picture again with a palette, unless it has one."""
    with Image.open(file) as picture:
        if picture.mode == "P":
            return
        whole = picture.convert("RGB")
    kept = whole.crop((0, 0, whole.width, filled(whole)))
    reduced = kept.quantize(palette=palette(kept), dither=Image.Dither.NONE)
    reduced.save(file, optimize=True)


if __name__ == "__main__":
    for each in sorted(FOLDER.glob("*.png")):
        smaller(each)
