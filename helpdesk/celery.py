"""Background work. Celery is the doorbell; what is to be done stands in rows."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")

app = Celery("tandem")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()  # in every thread: requests are answered on several
app.autodiscover_tasks(["conversations.threads", "conversations.intake", "collaboration.drafts"])
app.autodiscover_tasks(["permissions.audit", "permissions.accounts"])
app.autodiscover_tasks(["collaboration.notices", "collaboration.acts"])
app.autodiscover_tasks(["permissions.approvals", "collaboration.approvals"])
app.conf.beat_schedule = {
    "end-sign-ins": {"task": "permissions.accounts.tasks.end_sign_ins", "schedule": 30},
    "seal-audit": {"task": "permissions.audit.tasks.seal_records", "schedule": 10},
    "check-audit": {"task": "permissions.audit.tasks.check_daily", "schedule": 86_400},
    "sweep-audit-checks": {"task": "permissions.audit.tasks.sweep_checks", "schedule": 60},
    "expire-audit": {"task": "permissions.audit.tasks.expire_records", "schedule": 3600},
    "wake-snoozed": {"task": "conversations.threads.tasks.wake_snoozed", "schedule": 15},
    "sweep-files": {
        "task": "conversations.threads.tasks.sweep_files",
        "schedule": 3600,
    },
    "sweep-drafts": {
        "task": "collaboration.drafts.tasks.sweep_drafts",
        "schedule": 3600,
    },
    "fold-drafts": {"task": "collaboration.drafts.tasks.fold_long_drafts", "schedule": 60},
    "sweep-notices": {"task": "collaboration.notices.tasks.sweep_notices", "schedule": 10},
    "forget-old-notices": {
        "task": "collaboration.notices.tasks.forget_old_notices",
        "schedule": 86_400,
    },
    "sweep-approvals": {"task": "permissions.approvals.tasks.sweep_approvals", "schedule": 10},
    "tell-of-approvals": {
        "task": "collaboration.approvals.tasks.tell_of_approvals",
        "schedule": 10,
    },
    "sweep-bulk-jobs": {"task": "collaboration.acts.tasks.sweep_bulk_jobs", "schedule": 10},
    "sweep-sessions": {
        "task": "conversations.intake.tasks.sweep_sessions",
        "schedule": 3600,
    },
}
