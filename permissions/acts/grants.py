"""Bases of the tables that hold rights: guardian's, with direct foreign keys."""

from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase


class AgentRight(UserObjectPermissionBase):
    """A right of one agent on one object; subclasses add the foreign key `content_object`."""

    class Meta(UserObjectPermissionBase.Meta):
        abstract = True


class GroupRight(GroupObjectPermissionBase):
    """A right of a team or role on one object; subclasses add `content_object`."""

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = True
