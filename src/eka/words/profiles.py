"""eSIM profiles in words: how one stands, what happened to it, how a line moves between devices.

States and events are those of `rules.profiles` and `rules.moves`.
"""

from collections.abc import Mapping
from typing import Any

from eka.words.catalogues import N_
from eka.words.tongue import Tongue

STATES = {
    "ordered": N_("Being ordered"),
    "confirmed": N_("Being ordered"),
    "released": N_("Ready to install"),
    "downloaded": N_("Downloaded"),
    "installed": N_("Installed"),
    "enabled": N_("Installed and on"),
    "disabled": N_("Installed, switched off"),
    "deleted": N_("Not on any device"),
    "error": N_("Not installed yet"),
}

# What each state means for its owner, and what to do now.
MEANINGS = {
    "ordered": N_("The eSIM is being ordered. Its code will stand here; it takes a minute or two."),
    "confirmed": N_(
        "The eSIM is being ordered. Its code will stand here; it takes a minute or two."
    ),
    "released": N_("Nothing has been installed yet. Connect the device to Wi-Fi and begin."),
    "downloaded": N_(
        "The device has fetched the eSIM and is setting it up. Keep it on Wi-Fi for a few minutes; "
        "if nothing follows, try again with the same code."
    ),
    "installed": N_("The eSIM is on the device. Switch it on, and data roaming too."),
    "enabled": N_("The eSIM is on the device and switched on."),
    "disabled": N_("The eSIM is on the device, but switched off there. Nothing is lost."),
    "deleted": N_(
        "The eSIM was deleted from its device. Your balance, your number and your history are "
        "kept: have the line moved to a device, even to the same one."
    ),
    "error": N_(
        "The last try did not succeed. Nothing was used up: try again on Wi-Fi, with the same code."
    ),
}

EVENTS = {
    "confirmed": N_("The eSIM was reserved for you"),
    "released": N_("The eSIM became ready to install"),
    "eligible": N_("A device asked for the eSIM and may have it"),
    "confirmation_entered": N_("The confirmation code was entered"),
    "downloaded": N_("A device downloaded the eSIM"),
    "installed": N_("The eSIM was installed"),
    "enabled": N_("The eSIM was switched on"),
    "disabled": N_("The eSIM was switched off on the device"),
    "deleted": N_("The eSIM was deleted from the device"),
    "cancelled": N_("The eSIM was withdrawn; nobody can install it any more"),
    "failed": N_("A try to install the eSIM failed"),
}
FAILED = {
    "eligible": N_("A device asked for the eSIM and was refused"),
    "confirmation_entered": N_("The confirmation code was wrong"),
    "downloaded": N_("The download failed"),
    "installed": N_("The installation failed"),
}

STEPS = {
    "paid": N_("Paid"),
    "ordered": N_("eSIM ordered"),
    "released": N_("Ready to install"),
    "downloaded": N_("Downloaded"),
    "installed": N_("Installed"),
    "first_data": N_("First data"),
}

# What to do, or what happens by itself, when a step is later than it usually is.
LATE = {
    "ordered": N_("Your money is here, and the order goes out by itself in the next minutes."),
    "released": N_(
        "The supplier needs longer than usual. You need not do anything: others are asked too, "
        "and if none delivers within six hours, all of the money goes back by itself."
    ),
    "downloaded": N_("It waits for you: install it on your device whenever you like."),
    "installed": N_(
        "It waits for you: install it on your device whenever you like. If you have done so "
        "already, all is well; not every network reports it."
    ),
    "first_data": N_(
        "If data does not flow: switch the eSIM and data roaming on, choose it for mobile data, "
        "then restart the device."
    ),
}

# Why a line has no code to show.
WITHOUT = {
    "ordering": N_(
        "The eSIM is being ordered. Its code will stand here; it takes a minute or two."
    ),
    "refused": N_(
        "No supplier could deliver the eSIM. If you paid for it, the money goes back by itself; "
        "your order tells how far that is."
    ),
    "moving": N_("This line is on its way to another device."),
    "none": N_(
        "This line has no eSIM from us. Who gave you the SIM or eSIM that you use has its code."
    ),
}

REASONS = {
    "new_phone": N_("I have a new device, and the old one is at hand"),
    "lost_phone": N_("My device was lost or stolen"),
    "broken": N_("My device is broken, or I gave it away"),
    "deleted_by_accident": N_("The eSIM was deleted, or does not work any more"),
}

MOVE_STATES = {
    "asked": N_("Asked for"),
    "waiting_for_deletion": N_("Waiting for you to delete the old eSIM"),
    "reordering": N_("The new eSIM is being ordered"),
    "ready": N_("Ready to install"),
    "stuck": N_("With our staff"),
    "done": N_("Moved"),
    "cancelled": N_("Cancelled"),
}

MOVE_MEANINGS = {
    "asked": N_("We have your request."),
    "waiting_for_deletion": N_(
        "Delete the eSIM on the old device, while that is online. As soon as the network tells us, "
        "this goes on by itself. Until then the old device keeps working."
    ),
    "reordering": N_(
        "The old eSIM is given up. The new one is being ordered; it takes a minute or two. Your "
        "balance, number and history stay where they are."
    ),
    "ready": N_("Install the eSIM on the device now."),
    "stuck": N_(
        "This cannot be done by itself, so a person looks at it now and has all the facts. You "
        "need not write to us; we tell you as soon as it goes on. Nothing of your balance is lost."
    ),
    "done": N_("The line is on the device. Balance, number and history are as they were."),
    "cancelled": N_("Nothing has changed: the eSIM is where it was."),
}

MOVE_EVENTS = {
    "asked": N_("You asked for the move"),
    "old_on_phone": N_("The old eSIM has to be deleted first"),
    "same_code": N_("The same eSIM can be installed again"),
    "replacement_ordered": N_("The old eSIM was given up, and a new one ordered"),
    "handed_over": N_("Our staff took it over"),
    "arrived": N_("The new eSIM became ready to install"),
    "not_delivered": N_("The new eSIM could not be ordered; our staff took it over"),
    "installed": N_("The eSIM was installed"),
    "cancelled": N_("You cancelled the move"),
}

# What will happen, by a move's first event, before the owner agrees to it.
PLANS = {
    "old_on_phone": (
        N_("You delete the eSIM on the old device; until you do, that keeps working."),
        N_("As soon as it is deleted, the eSIM for the new device is made ready."),
        N_("You install it on the new device, on Wi-Fi."),
    ),
    "same_code": (
        N_("As far as we know the eSIM is on no device: its code is still good."),
        N_("You install it on the device, on Wi-Fi. If its code is refused, we order another."),
    ),
    "replacement_ordered": (
        N_("The old eSIM is given up at once and for good, even if the device turns up again."),
        N_("A new eSIM is ordered for the same line; it takes a minute or two."),
        N_("You install it on the device, on Wi-Fi."),
    ),
    "handed_over": (
        N_("A person of ours decides about a new eSIM; it usually takes less than a day."),
        N_("We tell you, and you install it on the device, on Wi-Fi."),
    ),
}
GIVEN_UP = PLANS["replacement_ordered"][0]
STAYS = N_("What you paid for stays with the line: balance, number, renewals and history.")
WHOLESALE = N_(
    "This eSIM is from a partner who makes no second one for free: if a new one is needed, a "
    "person of ours looks at it first."
)

MESSAGES = {
    "move_ready": N_("The eSIM of {line} is ready to install on your device."),
    "move_stuck": N_("Moving {line} needs a person of ours, who looks at it now."),
    "move_done": N_("{line} is on its new device."),
}


def state(tongue: Tongue, of: str) -> str:
    """How a profile stands, in two words."""
    return tongue.say(STATES[of])


def meaning(tongue: Tongue, of: str) -> str:
    """What that means for its owner, and what to do now."""
    return tongue.say(MEANINGS[of])


def event(tongue: Tongue, of: str, facts: Mapping[str, Any]) -> str:
    """What happened to a profile; "" for what a newer version wrote.

    A failure names its step, and the phone's or the supplier's own word for support.
    """
    if of == "failed":
        told = tongue.say(FAILED.get(str(facts.get("step")), EVENTS["failed"]))
        word = facts.get("failed", "")
        return tongue.say(N_("{what} ({code})"), what=told, code=word) if word else told
    return tongue.say(EVENTS[of]) if of in EVENTS else ""


def step(tongue: Tongue, of: str) -> str:
    """A step between paying and the first data."""
    return tongue.say(STEPS[of])


def late(tongue: Tongue, of: str) -> str:
    """What to do when this step is late."""
    return tongue.say(LATE[of])


def without(tongue: Tongue, why: str) -> str:
    """Why a line has no code to show."""
    return tongue.say(WITHOUT[why])


def move_reason(tongue: Tongue, of: str) -> str:
    """Why a line moves, as its owner says it."""
    return tongue.say(REASONS[of])


def move_state(tongue: Tongue, of: str) -> str:
    """How a move stands."""
    return tongue.say(MOVE_STATES[of])


def move_meaning(tongue: Tongue, of: str) -> str:
    """What that means, and what to do now."""
    return tongue.say(MOVE_MEANINGS[of])


def move_event(tongue: Tongue, of: str) -> str:
    """What happened to a move; "" for what a newer version wrote."""
    return tongue.say(MOVE_EVENTS[of]) if of in MOVE_EVENTS else ""


def move_plan(tongue: Tongue, event: str, *, gives_up: bool) -> list[str]:
    """What will happen, one sentence a step; `event` is the move's first one."""
    first = [GIVEN_UP] if gives_up else []
    sentences = [*first, *(one for one in PLANS[event] if one != GIVEN_UP)]
    return [tongue.say(sentence) for sentence in sentences]


def wholesale(tongue: Tongue) -> str:
    """Why a replacement of a wholesaler's profile needs a decision."""
    return tongue.say(WHOLESALE)


def stays(tongue: Tongue) -> str:
    """What a move does not touch."""
    return tongue.say(STAYS)


def message(tongue: Tongue, event: str, facts: Mapping[str, Any]) -> str:
    """One thing that the owner was told about a profile; `event` is one of MESSAGES."""
    return tongue.say(MESSAGES[event], line=facts.get("line", ""))
