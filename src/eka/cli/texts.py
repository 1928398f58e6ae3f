"""Files that people hand to a command: read as text, or refused with a sentence."""

from pathlib import Path

from eka.rules.documents import BadInput

LARGEST_BYTES = 16 * 2**20


def read_text(path: Path) -> str:
    """The file's text. Raises BadInput where it cannot be read, is too large, or is not UTF-8."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise BadInput(f"larger than {LARGEST_BYTES // 2**20} MiB")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"is not UTF-8 text (byte {error.start})") from None
