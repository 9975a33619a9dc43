"""What can need an approval in a conversation: replies, recalls, labels, exports and so on."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from conversations.customers.masks import cover
from conversations.grants.rights import may, require_act
from conversations.threads import commands, steps
from conversations.threads.commands.exporting import EXPORT
from conversations.threads.commands.messages import recallable
from conversations.threads.commands.people import is_outside
from conversations.threads.covering import is_on, reads_clearly
from conversations.threads.forms import read_label, read_tags
from conversations.threads.models import MAX_BODY, Conversation, Entry, File
from helpdesk.core.refusals import Conflict, Invalid, NotFound
from helpdesk.core.text import clean_text
from permissions.accounts.models import Agent, Team
from permissions.acts.vocabulary import Act
from permissions.approvals.registry import (
    Difference,
    Operation,
    Place,
    Proposal,
    fingerprint,
    register,
)


def as_read(text: str, conversation: Conversation, reader: Agent | None) -> str:
    """A text of the conversation, with what is sensitive masked for whoever reads it masked."""
    clear = not is_on() if reader is None else reads_clearly(reader, conversation)
    return text if clear else cover(text)


class InConversation(Operation):
    """An operation whose proposal names its conversation."""

    act: Act

    def place(self, proposal: Proposal) -> Place:
        found = self.find(proposal)
        return Place(
            inbox_id=found.inbox_id,
            conversation_id=found.pk,
            customer_id=found.customer_id,
            about=str(found.customer),
            tags=found.tags,
            issue_type=found.issue_type,
        )

    def find(self, proposal: Proposal, *, lock: bool = False) -> Conversation:
        """Raises NotFound."""
        rows = Conversation.objects.all()
        rows = rows.select_for_update(no_key=True) if lock else rows.select_related("customer")
        found = rows.filter(pk=proposal["conversation"]).first()
        if found is None:
            raise NotFound
        return found

    def seen_by(self, agent: Agent, proposal: Proposal) -> bool:
        seen = Conversation.objects.visible_to(agent)
        return seen.filter(pk=proposal["conversation"]).exists()

    def check(self, agent: Agent, proposal: Proposal) -> None:
        self.require_sight(agent, proposal)

    def require_sight(self, agent: Agent, proposal: Proposal) -> Conversation:
        """The conversation, if the agent may do the act there as far as rights go."""
        found = self.find(proposal)
        if not found.is_visible_to(agent):
            raise NotFound
        require_act(agent, self.act, found)
        steps.refuse_merged(found)
        return found


@register
class SendReply(InConversation):
    """Void if a colleague answered meanwhile. What the customer wrote since, the approver reads."""

    name = "reply.send"
    label = _("Send a reply")
    act = Act.REPLY

    def check(self, agent: Agent, proposal: Proposal) -> None:
        steps.refuse_spam(self.require_sight(agent, proposal))
        mine = File.objects.filter(agent=agent, conversation=None, entry=None)
        files = mine.filter(pk__in=proposal["files"])
        if files.count() != len(set(proposal["files"])):
            raise Invalid(_("A file of this message is missing. Please attach it again."))

    def version(self, proposal: Proposal, *, lock: bool = False) -> str:
        found = self.find(proposal, lock=lock)
        others = found.entries.filter(kind=Entry.Kind.REPLY).exclude(agent=proposal["agent"])
        return fingerprint(others.aggregate(last=Max("seq"))["last"])

    def seen_needed(self, proposal: Proposal) -> int:
        said = self.find(proposal).entries.filter(kind=Entry.Kind.MESSAGE)
        return said.aggregate(last=Max("seq"))["last"] or 0

    def differences(self, proposal: Proposal, reader: Agent | None) -> list[Difference]:
        found = [Difference(_("Reply"), "", self._text(proposal, reader), "body")]
        files = File.objects.filter(pk__in=proposal["files"]).values_list("pk", "name")
        return found + [Difference(_("File"), "", name, file_id=str(pk)) for pk, name in files]

    def _text(self, proposal: Proposal, reader: Agent | None) -> str:
        """Who wrote it and who may decide read it as it is; others as they read the transcript."""
        conversation = self.find(proposal)
        if reader and (reader.pk == proposal["agent"] or may(reader, Act.APPROVE, conversation)):
            return proposal["body"]
        return as_read(proposal["body"], conversation, reader)

    def edited(self, proposal: Proposal, changes: Mapping[str, Any]) -> Proposal:
        if set(changes) != {"body"}:
            raise Invalid
        body = clean_text(changes["body"], limit=MAX_BODY).strip()
        if not body and not proposal["files"]:
            raise Invalid(_("Write something first."))
        return {**proposal, "body": body}

    def run(self, agent: Agent, proposal: Proposal) -> None:
        commands.post_reply(
            agent=agent,
            conversation=proposal["conversation"],
            body=proposal["body"],
            client_id=uuid.UUID(proposal["client_id"]),
            seen=proposal["seen"],
            files=[uuid.UUID(file) for file in proposal["files"]],
            anyway=True,  # whoever approves it has read what came since
        )


@register
class RecallMessage(InConversation):
    name = "message.recall"
    label = _("Recall a message")

    def check(self, agent: Agent, proposal: Proposal) -> None:
        found = self.find(proposal)
        if not found.is_visible_to(agent):
            raise NotFound
        recallable(found, proposal["seq"], agent)

    def version(self, proposal: Proposal, *, lock: bool = False) -> str:
        entry = self.find(proposal, lock=lock).entries.filter(seq=proposal["seq"]).first()
        return fingerprint(entry and (entry.body, entry.recalled_at))

    def differences(self, proposal: Proposal, reader: Agent | None) -> list[Difference]:
        found = self.find(proposal)
        entry = found.entries.filter(seq=proposal["seq"]).first()
        before = as_read(entry.body, found, reader) if entry else ""
        return [Difference(_("Message"), before, _t("Message withdrawn"))]

    def run(self, agent: Agent, proposal: Proposal) -> None:
        commands.recall(agent=agent, conversation=proposal["conversation"], seq=proposal["seq"])


@register
class JoinConversation(InConversation):
    name = "conversation.join"
    label = _("Join a conversation")
    act = Act.JOIN

    def differences(self, proposal: Proposal, reader: Agent | None) -> list[Difference]:
        there = self.find(proposal).participants.filter(left_at=None).order_by("joined_at")
        names = list(there.values_list("agent__name", flat=True))
        joining = str(Agent.objects.get(pk=proposal["agent"]))
        before, after = _t(", ").join(names), _t(", ").join([*names, joining])
        return [Difference(_("Participants"), before, after)]

    def run(self, agent: Agent, proposal: Proposal) -> None:
        commands.join(agent=agent, conversation=proposal["conversation"])


@register
class TransferOutside(InConversation):
    name = "conversation.transfer"
    label = _("Hand a conversation over to another team")
    act = Act.TRANSFER

    def check(self, agent: Agent, proposal: Proposal) -> None:
        found = self.require_sight(agent, proposal)
        if not is_outside(self.receiver(proposal), found):
            raise Conflict(_("This needs no approval: just hand it over."))

    def version(self, proposal: Proposal, *, lock: bool = False) -> str:
        found = self.find(proposal, lock=lock)
        return fingerprint(found.assignee_id, found.team_id)

    def differences(self, proposal: Proposal, reader: Agent | None) -> list[Difference]:
        found = self.find(proposal)
        before = found.assignee or found.team
        changed = [
            Difference(
                _("Responsible"),
                str(before) if before else _t("Nobody"),
                str(self.receiver(proposal)),
            )
        ]
        if proposal["note"]:
            changed.append(Difference(_("Note"), "", proposal["note"]))
        return changed

    def receiver(self, proposal: Proposal) -> Agent | Team:
        found: Agent | Team | None
        if proposal["kind"] == "agent":
            found = Agent.objects.filter(pk=proposal["to"], is_active=True).first()
        else:
            found = Team.objects.filter(pk=proposal["to"]).first()
        if found is None:
            raise NotFound
        return found

    def run(self, agent: Agent, proposal: Proposal) -> None:
        commands.transfer(
            agent=agent,
            conversation=proposal["conversation"],
            to=self.receiver(proposal),
            note=proposal["note"],
            client_id=uuid.UUID(proposal["client_id"]) if proposal["client_id"] else None,
        )


@register
class ChangeTags(InConversation):
    name = "conversation.tag"
    label = _("Change a conversation's tags")
    act = Act.TAG

    def place(self, proposal: Proposal) -> Place:
        """With the tags it is to have, too: as the command asks."""
        place = super().place(proposal)
        return replace(place, tags=[*place.tags, *proposal["tags"]])

    def version(self, proposal: Proposal, *, lock: bool = False) -> str:
        return fingerprint(sorted(self.find(proposal, lock=lock).tags))

    def differences(self, proposal: Proposal, reader: Agent | None) -> list[Difference]:
        before, after = self.find(proposal).tags, proposal["tags"]
        return [
            Difference(
                _("Tags"),
                _t(", ").join(before),
                _t(", ").join(after) or str(_("None")),
                "tags",
                written="\n".join(after),
                hint=_("one on each line"),
            )
        ]

    def edited(self, proposal: Proposal, changes: Mapping[str, Any]) -> Proposal:
        if set(changes) != {"tags"} or not isinstance(changes["tags"], str):
            raise Invalid
        return {**proposal, "tags": read_tags(changes["tags"].splitlines())}

    def run(self, agent: Agent, proposal: Proposal) -> None:
        commands.set_tags(agent=agent, conversation=proposal["conversation"], tags=proposal["tags"])


@register
class ChangeIssueType(InConversation):
    name = "conversation.classify"
    label = _("Change a conversation's issue type")
    act = Act.CLASSIFY

    def place(self, proposal: Proposal) -> Place:
        """With the type it is to have, too: as the command asks."""
        found = self.find(proposal)
        return replace(
            super().place(proposal), issue_type=[found.issue_type, proposal["issue_type"]]
        )

    def version(self, proposal: Proposal, *, lock: bool = False) -> str:
        return fingerprint(self.find(proposal, lock=lock).issue_type)

    def differences(self, proposal: Proposal, reader: Agent | None) -> list[Difference]:
        before, after = self.find(proposal).issue_type, proposal["issue_type"]
        said = after or str(_("None"))
        return [Difference(_("Issue type"), before, said, "issue_type", written=after)]

    def edited(self, proposal: Proposal, changes: Mapping[str, Any]) -> Proposal:
        if set(changes) != {"issue_type"}:
            raise Invalid
        return {**proposal, "issue_type": read_label(changes["issue_type"])}

    def run(self, agent: Agent, proposal: Proposal) -> None:
        commands.set_issue_type(
            agent=agent,
            conversation=proposal["conversation"],
            issue_type=proposal["issue_type"],
        )


@register
class ExportConversation(InConversation):
    """Approved, it waits for the requester to fetch it."""

    name = EXPORT
    label = _("Export a conversation")

    def check(self, agent: Agent, proposal: Proposal) -> None:
        found = self.find(proposal)
        if not found.is_visible_to(agent):
            raise NotFound
        require_act(agent, Act.EXPORT, found)

    def differences(self, proposal: Proposal, reader: Agent | None) -> list[Difference]:
        return [Difference(_("Export"), "", str(_("The whole transcript, once, within the hour")))]

    def run(self, agent: Agent, proposal: Proposal) -> None:
        commands.allow_export(agent=agent, conversation=proposal["conversation"])
