from django import template

from collaboration.notices import queries
from collaboration.notices.models import Notice, NoticeKind

register = template.Library()
register.filter("notice_sentence", queries.sentence)

ICONS = {
    NoticeKind.MENTIONED: "at",
    NoticeKind.TRANSFERRED: "transfer",
    NoticeKind.ASSIGNED: "assign",
    NoticeKind.INVITED: "people",
    NoticeKind.APPROVAL: "checks",
    NoticeKind.ANSWERED: "check",
    NoticeKind.MESSAGE: "talk",
    NoticeKind.WOKE: "clock",
    NoticeKind.UNASSIGNED: "inbox",
}


@register.filter
def notice_icon(notice: Notice) -> str:
    return ICONS[NoticeKind(notice.kind)]
