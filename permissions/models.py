"""The tables of this app, feature by feature."""

from permissions.accounts.models import Agent, Attendance, Team
from permissions.audit.models import AuditRecord
from permissions.policies.models import Policy
from permissions.roles.models import Role

__all__ = ["Agent", "Attendance", "AuditRecord", "Policy", "Role", "Team"]
