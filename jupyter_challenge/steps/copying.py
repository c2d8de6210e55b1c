"""Copy files out of the image that this runs in; a program of its own, see `steps.traveller`.

It is started beside nothing: of Python it has what is part of an interpreter, such as `os`, `stat`,
`sys` and `time`, and nothing of ours. So it says what is wrong by its last line, and by its exit
status; the line is one of `steps.lines`, made by hand.
"""

import os
import stat
import sys
import time

MOST_FILES = 100_000
DEEPEST = 50
PIECE = 1 << 20
_AS_IT_IS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Unusable(Exception):
    """The image does not hold what its challenge says."""


class Copies:
    """A folder for copies, and how much may still come into it."""

    def __init__(self, folder: str, size: int) -> None:
        """Begin with an empty folder and a number of bytes."""
        self.folder = folder
        self.size = size
        self.left = size
        self.files = 0

    def take(self, root: str, path: str, target: str) -> None:
        """Copy a file, or a folder with all in it.

        Args:
            root: The folder that the path is in.
            path: With slashes; no link is followed on its way.
            target: The name of the copy.

        Raises:
            Unusable: It is not there, or there is something else than files and folders.
        """
        parent = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        so_far = ""
        try:
            *above, name = [part for part in path.split("/") if part != "."]
            for part in above:
                so_far = so_far + part + "/"
                below = _opened(part, parent, so_far)
                os.close(parent)
                parent = below
            self._copy(name, parent, path, self.folder + "/" + target, 0)
        finally:
            os.close(parent)

    def _copy(self, name: str, parent: int, path: str, target: str, depth: int) -> None:
        self.files += 1
        if self.files > MOST_FILES:
            raise Unusable(f"there are more than {MOST_FILES} files: pack small ones together")
        opened = _opened(name, parent, path)
        try:
            if stat.S_ISDIR(os.fstat(opened).st_mode):
                if depth == DEEPEST:
                    raise Unusable(f"{path} is more than {DEEPEST} folders deep")
                os.mkdir(target, 0o755)
                for child in sorted(os.listdir(opened)):
                    self._copy(child, opened, f"{path}/{child}", f"{target}/{child}", depth + 1)
            else:
                self._copy_file(opened, target)
        finally:
            os.close(opened)

    def _copy_file(self, opened: int, target: str) -> None:
        copy = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
        try:
            while piece := os.read(opened, PIECE):
                self.left -= len(piece)
                if self.left < 0:
                    raise Unusable(f"it is more than the {self.size} bytes that `size` says")
                rest = memoryview(piece)
                while rest:
                    rest = rest[os.write(copy, rest) :]
        finally:
            os.close(copy)


def _opened(name: str, parent: int, path: str) -> int:
    """Open a file or a folder as it is, by its name in a folder."""
    try:
        opened = os.open(name, _AS_IT_IS, dir_fd=parent)
    except FileNotFoundError:
        raise Unusable(f"there is no {path}") from None
    except OSError as error:
        try:
            linked = stat.S_ISLNK(os.lstat(name, dir_fd=parent).st_mode)
        except OSError:
            linked = False
        why = "it is a link, put what it leads to in its place" if linked else error.strerror
        raise Unusable(f"{path} cannot be opened: {why}") from None
    mode = os.fstat(opened).st_mode
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        os.close(opened)
        raise Unusable(f"{path} is neither a file nor a folder")
    return opened


def line(about: str, level: str, message: str) -> str:
    """A line of JSON, as every container of the platform prints.

    Args:
        about: A JSON object with the ids of run and submission.
        level: How bad it is.
        message: What there is to say; bytes that are no text stand as they are escaped in Python.
    """
    now = time.time()
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1_000):03}+00:00"
    head = [("time", at), ("level", level), ("part", "data"), ("pod", os.uname().nodename)]
    first = ", ".join(f"{_quoted(name)}: {_quoted(value)}" for name, value in head)
    between = about.strip()[1:-1]
    ids = f", {between}" if between else ""
    return f'{{{first}{ids}, "message": {_quoted(message)}}}'


def _quoted(text: str) -> str:
    said = text.encode("utf-8", "backslashreplace").decode()
    plain = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(plain.get(c, c if c >= " " else f"\\u{ord(c):04x}") for c in said) + '"'


def main(arguments: list[str]) -> int:
    """Copy `PATH TARGET` pairs of the root folder into FOLDER, SIZE bytes at most."""
    os.umask(0)
    about, folder, size, *wanted = arguments
    copies = Copies(folder, int(size))
    try:
        for path, target in zip(wanted[::2], wanted[1::2], strict=True):
            copies.take("/", path, target)
    except (Unusable, OSError) as error:
        print(line(about, "error", f"The data image cannot be used: {error}."), flush=True)
        return 1
    copied = f"Copied {copies.files} files and folders, {copies.size - copies.left} bytes."
    print(line(about, "info", copied))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
