from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from collaboration.canned.commands import Content
from collaboration.canned.models import CannedReply, leads_everyone, led_teams
from conversations.threads.models import MAX_BODY
from helpdesk.core.refusals import Invalid
from helpdesk.core.text import clean_text, one_line
from permissions.accounts.models import Agent


class CannedReplyForm(forms.Form):
    """What a canned reply says, and for whom the agent may keep it."""

    title = forms.CharField(label=_("Title"), max_length=120)
    shortcut = forms.CharField(
        label=_("Shortcut"),
        required=False,
        max_length=40,
        validators=[RegexValidator(r"^[^\s/]+$", _("Without spaces and slashes."))],
        help_text=_("Type / and this word in the field where you write."),
    )
    scope = forms.ChoiceField(label=_("Offered to"))
    body = forms.CharField(
        label=_("Text"),
        max_length=MAX_BODY,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_(
            "{{customer.name}} and {{agent.name}} become the names when the text is inserted."
        ),
    )

    def __init__(self, *args: Any, agent: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agent = agent
        self.teams = {f"team-{team.pk}": team for team in led_teams(agent).order_by("name")}
        choices: list[tuple[str, Any]] = [("mine", _("Only me"))]
        choices += [(key, team.name) for key, team in self.teams.items()]
        if leads_everyone(agent):
            choices.append(("everyone", _("Everyone")))
        self.fields["scope"].choices = choices  # type: ignore[attr-defined]

    @staticmethod
    def values_of(reply: CannedReply) -> dict[str, str]:
        return {
            "title": reply.title,
            "shortcut": reply.shortcut,
            "scope": reply.scope,
            "body": reply.body,
        }

    def clean_title(self) -> str:
        return one_line(self._text("title"))

    def clean_shortcut(self) -> str:
        return self._text("shortcut")

    def clean_body(self) -> str:
        body = self._text("body").strip()
        if not body:
            raise ValidationError(_("A text is missing."))
        return body

    def _text(self, name: str) -> str:
        try:
            return clean_text(self.cleaned_data[name])
        except Invalid as refusal:
            raise ValidationError(refusal.sentence) from None

    @property
    def content(self) -> Content:
        data = self.cleaned_data
        return Content(
            title=data["title"],
            shortcut=data["shortcut"],
            body=data["body"],
            owner=self.agent if data["scope"] == "mine" else None,
            team=self.teams.get(data["scope"]),
        )
