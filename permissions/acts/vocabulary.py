from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Act(TextChoices):
    """What one may do in an inbox. Each is a permission on the inbox, given to agents and groups.

    The value is the permission's codename; the label says it in a sentence.
    """

    VIEW = "view_conversations", _("See the inbox's conversations and their customers")
    JOIN = "join_conversations", _("Join a conversation and leave it")
    REPLY = "reply_to_customers", _("Write to customers")
    NOTE = "write_notes", _("Write internal notes")
    CLAIM = "claim_conversations", _("Take an unassigned conversation")
    ASSIGN = "assign_conversations", _("Assign a conversation to any agent")
    RESOLVE = "resolve_conversations", _("Resolve and reopen conversations")
    CANNED = "manage_canned_replies", _("Change the canned replies of its teams")
    TRANSFER = "transfer_conversations", _("Hand conversations over to colleagues and teams")
    PRIORITISE = "prioritise_conversations", _("Set how urgent a conversation is")
    MERGE = "merge_conversations", _("Merge conversations of one customer")
    MODERATE = "moderate_customers", _("Mark spam and block customers")
    CONFIGURE = "configure_inboxes", _("Change an inbox's looks, hours and signing secret")


ADMIN_ACTS = frozenset(Act)
LEADING_ACTS = ADMIN_ACTS - {Act.CONFIGURE}
AGENT_ACTS = LEADING_ACTS - {Act.CANNED}
AUDITOR_ACTS = frozenset({Act.VIEW})


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
