"""The tables of this app, feature by feature."""

from collaboration.acts.models import BulkJob
from collaboration.canned.models import CannedReply
from collaboration.drafts.models import PrivateDraft
from collaboration.notices.models import Derived, Notice, NoticeSettings, Swept
from collaboration.saved.models import SavedView

__all__ = [
    "BulkJob",
    "CannedReply",
    "Derived",
    "Notice",
    "NoticeSettings",
    "PrivateDraft",
    "SavedView",
    "Swept",
]
