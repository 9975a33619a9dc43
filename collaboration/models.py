"""The tables of this app, feature by feature."""

from collaboration.acts.models import BulkJob
from collaboration.canned.models import CannedReply
from collaboration.drafts.models import DraftUpdate, DraftVersion, PrivateDraft, SharedDraft
from collaboration.notices.models import Derived, Notice, NoticeSettings, Swept
from collaboration.saved.models import SavedView
from collaboration.suggestions.models import Suggestion

__all__ = [
    "BulkJob",
    "CannedReply",
    "Derived",
    "DraftUpdate",
    "DraftVersion",
    "Notice",
    "NoticeSettings",
    "PrivateDraft",
    "SavedView",
    "SharedDraft",
    "Suggestion",
    "Swept",
]
