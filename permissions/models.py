"""The tables of this app, feature by feature."""

from permissions.accounts.models import Agent, Attendance, Team
from permissions.accounts.second_factor import RecoveryCode, SecondFactor
from permissions.accounts.sessions import SignIn
from permissions.approvals.models import Approval
from permissions.audit.models import AuditCheck, AuditRecord, Seal
from permissions.policies.models import Policy
from permissions.roles.models import Role

__all__ = [
    "Agent",
    "Approval",
    "Attendance",
    "AuditCheck",
    "AuditRecord",
    "Policy",
    "RecoveryCode",
    "Role",
    "Seal",
    "SecondFactor",
    "SignIn",
    "Team",
]
