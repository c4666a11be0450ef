"""Throw-away mail domains, by a public list that is shipped as data."""

from disposable_email_domains import blocklist

from service.privacy import EmailAddress


def is_throwaway(email: EmailAddress) -> bool:
    """Say whether an address is of a domain that gives boxes to anybody for minutes.

    A hint to the score and no refusal: honest readers use them too.
    """
    domain = email.normalised().rpartition("@")[2]
    labels = domain.split(".")
    # The list holds registered domains; services hand out names below them as well.
    return any(".".join(labels[place:]) in blocklist for place in range(len(labels) - 1))
