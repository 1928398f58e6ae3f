"""What the rules say, in the reader's language: codes and figures in, whole sentences out.

`Words(language)` is all that callers need. Nothing here decides anything: every amount, reason and
instant comes from the rules.
"""

from eka.words.words import Words

__all__ = ["Words"]
