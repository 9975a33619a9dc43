from django.db.models import Q
from django.utils import timezone

from conversations.inboxes.models import Inbox, InboxAgentRight, InboxGroupRight
from permissions.accounts.models import Agent
from permissions.acts.vocabulary import Act


def anyone_available(inbox: Inbox) -> bool:
    """Whether a customer who writes now may expect an answer soon: it is within the opening hours
    and somebody who may reply is there."""
    if not inbox.is_open_at(timezone.now()):
        return False
    may_reply = {"content_object": inbox, "permission__codename": Act.REPLY.value}
    groups = InboxGroupRight.objects.filter(**may_reply).values("group")
    agents = InboxAgentRight.objects.filter(**may_reply).values("user")
    answering = Q(groups__in=groups) | Q(pk__in=agents)
    return Agent.objects.present().filter(answering).exists()
