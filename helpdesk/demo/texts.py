"""The demo's canned replies: what everybody types `/` for, in both languages."""

from dataclasses import dataclass

from collaboration.canned.commands import Content, add_canned_reply
from collaboration.canned.models import CannedReply
from helpdesk.demo.people import TECH, Cast
from permissions.accounts.models import Team


@dataclass(frozen=True)
class Text:
    title: str
    shortcut: str
    body: str
    team: str | None = None


TEXTS = (
    Text("问候", "nh", "您好，{{customer.name}}！我是{{agent.name}}，请问有什么可以帮您？"),
    Text("Greeting", "hi", "Hello {{customer.name}}, this is {{agent.name}}. How can I help?"),
    Text(
        "请提供订单号",
        "dd",
        "麻烦您提供一下订单号，我马上为您查询。订单号在确认邮件的标题里，以 KK 开头。",
    ),
    Text(
        "Ask for the order number",
        "order",
        "Could you send me the order number, please? It starts with KK and stands in the subject "
        "of your confirmation e-mail.",
    ),
    Text(
        "退换货说明",
        "th",
        "未使用的商品在签收后 30 天内可以退换。请告诉我您想退哪件，我把退货地址发给您。",
    ),
    Text(
        "Returns",
        "return",
        "You may return anything unused within 30 days of its arrival. Tell me which pieces, and I "
        "send you the address and a label.",
    ),
    Text(
        "Kettle does not heat",
        "heat",
        "Please unplug the kettle for two minutes, then fill it above the lower mark and try "
        "again. Does the light on the base come on?",
        TECH,
    ),
)


def keep_texts(cast: Cast) -> int:
    """Add the canned replies to a desk that has none; returns how many that were."""
    if CannedReply.objects.exists():
        return 0
    for text in TEXTS:
        team = Team.objects.get(name=text.team) if text.team else None
        content = Content(text.title, text.shortcut, text.body, None, team)
        add_canned_reply(agent=cast.agents["supervisor"], content=content)
    return len(TEXTS)
