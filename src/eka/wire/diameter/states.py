"""The state table of one peer connection (RFC 6733, 5.6, the responder's side; RFC 3539, 3.4.1).

Eka never calls, gateways do; so of the RFC's table what is left is: wait for the peer's CER, be
open, close. The watchdog's states are here too: `asked` has sent a DWR and heard nothing since,
`suspect` has waited as long again, and once more closes. There is no election: of two connections
of one Origin-Host the newer stays, since the older one's gateway has gone or has lost it.
"""

from typing import Literal

State = Literal["waiting", "open", "asked", "suspect", "closing", "closed"]
Arrival = Literal["cer", "cer_refused", "dwr", "dwa", "dpr", "dpa", "request", "answer"]
Event = Arrival | Literal["silence", "stop", "newer", "lost", "unreadable"]
Sending = Literal["welcome", "turn_away", "acknowledge", "refuse", "send_dwr", "send_dpr"]
Action = Sending | Literal["deliver", "match", "ignore", "drop"]
Row = dict[Event, tuple[Action, State]]

_ENDS: Row = {
    "cer_refused": ("turn_away", "closed"),
    "newer": ("drop", "closed"),
    "lost": ("drop", "closed"),
    "unreadable": ("drop", "closed"),
}

_SERVES: Row = {
    **_ENDS,
    "cer": ("welcome", "open"),
    "dwr": ("acknowledge", "open"),
    "dwa": ("ignore", "open"),
    "dpr": ("acknowledge", "closing"),
    "dpa": ("ignore", "open"),
    "request": ("deliver", "open"),
    "answer": ("match", "open"),
    "stop": ("send_dpr", "closing"),
}

# Whatever a peer sends shows that it lives; but until its DWA has come, the next silence counts on.
_ANSWER_OWED: Row = {
    **_SERVES,
    "cer": ("welcome", "asked"),
    "dwr": ("acknowledge", "asked"),
    "dpa": ("ignore", "asked"),
    "request": ("deliver", "asked"),
    "answer": ("match", "asked"),
}

TABLE: dict[State, Row] = {
    "waiting": {
        **_ENDS,
        "cer": ("welcome", "open"),
        "dwr": ("drop", "closed"),
        "dwa": ("drop", "closed"),
        "dpr": ("drop", "closed"),
        "dpa": ("drop", "closed"),
        "request": ("drop", "closed"),
        "answer": ("drop", "closed"),
        "silence": ("drop", "closed"),
        "stop": ("drop", "closed"),
    },
    "open": {**_SERVES, "silence": ("send_dwr", "asked")},
    "asked": {**_ANSWER_OWED, "silence": ("ignore", "suspect")},
    "suspect": {**_ANSWER_OWED, "silence": ("drop", "closed")},
    "closing": {
        **_ENDS,
        "cer": ("ignore", "closing"),
        "cer_refused": ("ignore", "closing"),
        "dwr": ("acknowledge", "closing"),
        "dwa": ("ignore", "closing"),
        "dpr": ("acknowledge", "closing"),
        "dpa": ("drop", "closed"),
        "request": ("refuse", "closing"),
        "answer": ("match", "closing"),
        "silence": ("drop", "closed"),
        "stop": ("ignore", "closing"),
    },
    "closed": {
        "cer": ("ignore", "closed"),
        "cer_refused": ("ignore", "closed"),
        "dwr": ("ignore", "closed"),
        "dwa": ("ignore", "closed"),
        "dpr": ("ignore", "closed"),
        "dpa": ("ignore", "closed"),
        "request": ("ignore", "closed"),
        "answer": ("ignore", "closed"),
        "silence": ("ignore", "closed"),
        "stop": ("ignore", "closed"),
        "newer": ("ignore", "closed"),
        "lost": ("ignore", "closed"),
        "unreadable": ("ignore", "closed"),
    },
}
