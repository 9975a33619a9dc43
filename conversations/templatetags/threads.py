from django import template
from django.utils.safestring import SafeString

from conversations.threads import mentions, queries, wording
from conversations.threads.models import Entry
from helpdesk.core.web import markdown
from permissions.accounts.models import colour_of

register = template.Library()


@register.filter
def body(entry: Entry) -> SafeString:
    """The text as safe HTML: light Markdown of ours, the customer's own words as they are."""
    html = markdown.render(entry.body, rich=entry.author_kind != "customer")
    return mentions.with_chips(html, entry)


@register.filter
def colour(agent_id: int | None) -> str:
    """The class that gives an avatar its person's colour; none for who is not an agent."""
    return f"p{colour_of(agent_id)}" if agent_id else ""


register.filter("unheard", mentions.unheard)
register.filter("unread", queries.unread)
register.filter("author_name", wording.author_name)
register.filter("event_sentence", wording.event_sentence)
register.filter("public_event_sentence", wording.public_event_sentence)
