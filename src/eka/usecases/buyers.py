"""Who buys: a subscriber, or a guest who becomes one with the first order."""

from django.db import transaction

from eka.ledger import models
from eka.usecases.commands import NoSuchLine


@transaction.atomic
def guest(email: str, language: str) -> int:
    """A subscriber without an account; the id."""
    return int(models.Subscriber.objects.create(email=email, language=language).pk)


@transaction.atomic
def of_user(user_id: int, email: str, language: str) -> int:
    """The subscriber who signs in with this account; one who buys for the first time gets one."""
    first = {"email": email, "language": language}
    return int(models.Subscriber.objects.get_or_create(user_id=user_id, defaults=first)[0].pk)


@transaction.atomic
def owner_of(line_id: int) -> int:
    """The subscriber who owns the line; one that nobody owned yet gets one. Raises NoSuchLine."""
    line = models.Line.objects.select_for_update().filter(pk=line_id).first()
    if line is None:
        raise NoSuchLine(line_id)
    if line.subscriber_id is None:
        line.subscriber = models.Subscriber.objects.create(name=line.label)
        line.save(update_fields=["subscriber"])
    return int(line.subscriber_id or 0)
