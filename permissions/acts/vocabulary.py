from collections.abc import Iterable

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Act(TextChoices):
    """What one may do in an inbox. Each is a permission on the inbox, given to agents and groups.

    The value is the permission's codename; the label says it in a sentence. How much of an inbox
    somebody sees is one of the four rights in `SCOPES`; without any, the others count for nothing.
    """

    VIEW = "view_conversations", _("See all of the inbox's conversations and their customers")
    VIEW_TEAM = "view_team_conversations", _("See what is unassigned, their team's or their own")
    VIEW_UNASSIGNED = "view_unassigned_conversations", _("See what is unassigned or their own")
    VIEW_OWN = "view_own_conversations", _("See only what they own or take part in")
    JOIN = "join_conversations", _("Join a conversation and leave it")
    INVITE = "invite_colleagues", _("Invite colleagues into a conversation")
    REPLY = "reply_to_customers", _("Write to customers")
    NOTE = "write_notes", _("Write internal notes")
    CONFIDE = "write_sensitive_notes", _("Write sensitive notes, and read those of others")
    READ_CONFIDED = "read_sensitive_notes", _("Read sensitive notes of colleagues")
    CLAIM = "claim_conversations", _("Take an unassigned conversation")
    ASSIGN = "assign_conversations", _("Assign a conversation to any agent")
    TRANSFER = "transfer_conversations", _("Hand conversations over to colleagues and teams")
    RESOLVE = "resolve_conversations", _("Resolve and reopen conversations")
    PRIORITISE = "prioritise_conversations", _("Set how urgent a conversation is")
    TAG = "change_tags", _("Change the tags of customers and conversations")
    CLASSIFY = "change_issue_types", _("Change a conversation's issue type")
    MERGE = "merge_conversations", _("Merge conversations of one customer")
    MODERATE = "moderate_customers", _("Mark spam and block customers")
    CHANGE_CUSTOMER = "change_customers", _("Change what is known of a customer")
    VIEW_SENSITIVE = "view_sensitive", _("See a customer's sensitive details without asking")
    RECALL = "recall_messages", _("Recall or delete a message that was sent")
    EXPORT = "export_conversations", _("Export conversations and customers")
    SUPERVISE = "supervise_conversations", _("Guide agents in their conversations and lead them")
    APPROVE = "decide_requests", _("Approve or reject what colleagues ask for")
    GRANT = "grant_access", _("Give a colleague rights on one conversation or customer")
    CANNED = "manage_canned_replies", _("Change the canned replies of its teams")
    REPORT = "view_reports", _("See reports on the inbox")
    CONFIGURE = "configure_inboxes", _("Change an inbox's looks, hours and signing secret")


# How much of an inbox one sees, the widest first. Whoever holds several sees what any shows.
SCOPES = (Act.VIEW, Act.VIEW_TEAM, Act.VIEW_UNASSIGNED, Act.VIEW_OWN)
NARROW = frozenset(SCOPES[1:])


def one_scope(acts: Iterable[Act]) -> set[Act]:
    """The acts with the widest of their scopes alone: the others would add nothing."""
    found = set(acts)
    return found - set([scope for scope in SCOPES if scope in found][1:])


ADMIN_ACTS = frozenset(Act) - NARROW
LEADING_ACTS = ADMIN_ACTS - {Act.CONFIGURE}
# What a team's members may do in its inboxes, whatever their role.
TEAM_ACTS = frozenset(
    {
        Act.VIEW,
        Act.JOIN,
        Act.INVITE,
        Act.REPLY,
        Act.NOTE,
        Act.CLAIM,
        Act.ASSIGN,
        Act.TRANSFER,
        Act.RESOLVE,
        Act.PRIORITISE,
        Act.MERGE,
        Act.MODERATE,
    }
)
# What a role adds to it, wherever its holders see anything.
AGENT_ACTS = frozenset({Act.CHANGE_CUSTOMER})
SENIOR_ACTS = AGENT_ACTS | {
    Act.TAG,
    Act.CLASSIFY,
    Act.VIEW_SENSITIVE,
    Act.READ_CONFIDED,
    Act.RECALL,
    Act.CANNED,
}
AUDITOR_ACTS = frozenset({Act.VIEW, Act.REPORT})

# The matrix of rights is read in groups.
ACT_GROUPS: tuple[tuple[str | Promise, tuple[Act, ...]], ...] = (
    (
        _("Answering"),
        (Act.JOIN, Act.INVITE, Act.REPLY, Act.CLAIM, Act.RESOLVE, Act.RECALL),
    ),
    (
        _("Internal messages"),
        (Act.NOTE, Act.CONFIDE, Act.READ_CONFIDED),
    ),
    (
        _("Sharing out the work"),
        (Act.ASSIGN, Act.TRANSFER, Act.PRIORITISE, Act.TAG, Act.CLASSIFY, Act.MERGE),
    ),
    (
        _("Customers"),
        (Act.CHANGE_CUSTOMER, Act.VIEW_SENSITIVE, Act.MODERATE, Act.EXPORT),
    ),
    (
        _("Leading"),
        (Act.SUPERVISE, Act.APPROVE, Act.GRANT, Act.CANNED, Act.REPORT, Act.CONFIGURE),
    ),
)


class Duty(TextChoices):
    """What one may do for the whole installation. Each is a permission, given to roles."""

    AGENTS = "manage_agents", _("Invite and deactivate agents, set their teams and roles")
    ROLES = "manage_roles", _("Change roles, and who may do what in an inbox")
    SETTINGS = "manage_settings", _("Change how the team works together and what needs approval")
    FIELDS = "manage_customer_fields", _("Define what is kept about customers")
    SECURITY = "manage_security", _("Change the rules of signing in and see everybody's sign-ins")
    ACCESS = "watch_access", _("See who has access to what, and take it away")
    AUDIT = "read_audit", _("Read and export the audit records")


ADMIN_DUTIES = frozenset(Duty)
LEADING_DUTIES = frozenset({Duty.ACCESS})
AUDITOR_DUTIES = frozenset({Duty.ACCESS, Duty.AUDIT})
