"""Acts of the workspace that become a request where a rule wants somebody's approval."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from collaboration.approvals.queries import approval_json
from conversations.threads import commands
from conversations.threads.commands.exporting import EXPORT
from conversations.threads.forms import MessageInput, read_uuid
from conversations.threads.models import Entry
from helpdesk.core.web.negotiation import wants_json
from permissions.accounts.models import Agent
from permissions.approvals.doors import do_or_ask, read_words
from permissions.approvals.models import Approval
from permissions.approvals.registry import Proposal

Data = Mapping[str, Any]


def reply(
    agent: Agent, conversation: uuid.UUID, message: MessageInput
) -> tuple[Entry, bool] | Approval:
    """The reply that was sent, or the request to send it; both safe to ask for again."""
    return do_or_ask(
        lambda: commands.post_reply(
            agent=agent,
            conversation=conversation,
            body=message.body,
            client_id=message.client_id,
            seen=message.seen,
            files=message.files,
        ),
        agent=agent,
        operation="reply.send",
        proposal=lambda: {
            "conversation": str(conversation),
            "agent": agent.pk,
            "body": message.body,
            "client_id": str(message.client_id),
            "files": [str(file) for file in message.files],
            "seen": message.seen,
        },
        client_id=message.client_id,
    )


def _join(agent: Agent, conversation: uuid.UUID, arguments: Data) -> Proposal:
    return {"conversation": str(conversation), "agent": agent.pk}


def _transfer(agent: Agent, conversation: uuid.UUID, arguments: Data) -> Proposal:
    to = arguments["to"]
    return {
        "conversation": str(conversation),
        "kind": "agent" if isinstance(to, Agent) else "team",
        "to": to.pk,
        "note": arguments.get("note", ""),
        "client_id": str(arguments.get("client_id") or ""),
    }


def _recall(agent: Agent, conversation: uuid.UUID, arguments: Data) -> Proposal:
    return {"conversation": str(conversation), "seq": arguments["seq"]}


def _tags(agent: Agent, conversation: uuid.UUID, arguments: Data) -> Proposal:
    return {"conversation": str(conversation), "tags": arguments["tags"]}


def _issue_type(agent: Agent, conversation: uuid.UUID, arguments: Data) -> Proposal:
    return {"conversation": str(conversation), "issue_type": arguments["issue_type"]}


def _export(agent: Agent, conversation: uuid.UUID, arguments: Data) -> Proposal:
    return {"conversation": str(conversation)}


# act → its operation, and what exactly is proposed
ASKABLE: Mapping[str, tuple[str, Callable[[Agent, uuid.UUID, Data], Proposal]]] = {
    "join": ("conversation.join", _join),
    "assign": ("conversation.transfer", _transfer),
    "transfer": ("conversation.transfer", _transfer),
    "recall": ("message.recall", _recall),
    "tags": ("conversation.tag", _tags),
    "issue-type": ("conversation.classify", _issue_type),
    "export": (EXPORT, _export),
}


def act(
    name: str,
    do: Callable[[], Any],
    *,
    agent: Agent,
    conversation: uuid.UUID,
    arguments: Data,
    data: Data,
) -> Approval | None:
    """Do an act; where it needs an approval, the request for one."""
    if name not in ASKABLE:
        do()
        return None
    operation, propose = ASKABLE[name]
    client_id = data.get("client_id")
    done = do_or_ask(
        do,
        agent=agent,
        operation=operation,
        proposal=lambda: propose(agent, conversation, arguments),
        client_id=read_uuid(client_id) if client_id else uuid.uuid4(),
        reason=read_words(data.get("reason")),
    )
    return done if isinstance(done, Approval) else None


def asked(request: HttpRequest, approval: Approval) -> HttpResponse:
    """202: it waits for somebody's approval."""
    if (
        wants_json(request)
        or request.content_type == "application/json"
        or request.headers.get("HX-Request")
    ):
        answer = {"approval": approval_json(approval), "client_id": str(approval.client_id)}
        return JsonResponse(answer, status=202)
    return redirect("workspace:conversation", pk=approval.conversation_id)
