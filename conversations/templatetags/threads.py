from django import template
from django.utils.safestring import SafeString

from conversations.threads import wording
from conversations.threads.models import Entry
from helpdesk.core.web import markdown

register = template.Library()


@register.filter
def body(entry: Entry) -> SafeString:
    """The text as safe HTML: light Markdown of ours, the customer's own words as they are."""
    return markdown.render(entry.body, rich=entry.author_kind != "customer")


register.filter("author_name", wording.author_name)
register.filter("event_sentence", wording.event_sentence)
register.filter("public_event_sentence", wording.public_event_sentence)
