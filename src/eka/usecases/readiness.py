"""What has to be done once, by one thread, before several of them work side by side."""

import contextlib

import msgspec


def make_types_ready() -> int:
    """Lets msgspec learn every type that is loaded; how many there are.

    It learns a type when that is read for the first time, and runs Python meanwhile: two threads
    that read the same type at once for the first time crash the process (seen with msgspec 0.22).
    """
    waiting, known = [msgspec.Struct], set[type]()
    while waiting:
        for kind in waiting.pop().__subclasses__():
            if kind not in known:
                known.add(kind)
                waiting.append(kind)
                # One that cannot be read from JSON is never read from anything.
                with contextlib.suppress(TypeError, NameError):
                    msgspec.json.Decoder(kind)
    return len(known)
