"""What a command says when it cannot do what it was asked: one plain sentence and an exit code."""


class CallWrong(Exception):
    """The command cannot be carried out as it was called: exit code 2, the message on stderr."""


class AnswerIsNo(Exception):
    """The command ran and its answer is no: exit code 1, the message (if any) on stderr."""
