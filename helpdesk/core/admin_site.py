"""The site for auditors: Django's admin, in which nothing can be changed."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin, ShowFacets
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

FARTHEST = 10_000  # rows that can be paged through; whatever is older is found by searching
_UNUSED = {
    "login",
    "logout",
    "password_change",
    "password_change_done",
    "autocomplete",
    "view_on_site",
}


class AuditorsSite(AdminSite):
    """Open to whoever `may_enter` lets in; for anybody else it is not there."""

    site_title = site_header = _("Audit · Tandem")
    index_title = _("Records")
    site_url = "/workspace/"
    enable_nav_sidebar = False
    may_enter: Callable[[Any], bool] = staticmethod(lambda agent: False)

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and self.may_enter(request.user)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not self.has_permission(request):
                raise Http404
            return inner(request, *args, **kwargs)

        return checked

    def get_urls(self) -> list[Any]:
        return [found for found in super().get_urls() if getattr(found, "name", "") not in _UNUSED]


site = AuditorsSite()


class ReachablePaginator(Paginator):
    """Counts no further than anybody turns pages: a table of millions is never counted."""

    @cached_property
    def count(self) -> int:
        reachable: Any = self.object_list[:FARTHEST]
        return int(reachable.count())


def _parameter(offered: Any) -> str:
    """What one entry of `list_filter` is called in an address."""
    if isinstance(offered, tuple):
        return str(offered[0])
    return offered if isinstance(offered, str) else str(offered.parameter_name)


class ReadOnlyAdmin(ModelAdmin):
    """Lists and shows. Adding, changing, deleting and acting on many are not there at all."""

    paginator = ReachablePaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # they would count everything
    list_per_page = 100
    list_max_show_all = 0
    actions = None
    list_select_related = True
    ordering = ("-pk",)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            path("<path:object_id>/change/", wrap(self.change_view), name=f"{name}_change"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if any("\x00" in value for value in request.GET.values()):
            raise Http404  # Django would say so in a message, which this site has none of
        return super().changelist_view(request, extra_context)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """The filters that are offered, and no others: those would tell of columns that are not
        shown, such as passwords, a letter at a time."""
        names = map(_parameter, self.get_list_filter(request))
        forms = ("", "__exact", "__id__exact", "__isnull")
        return lookup in {name + form for name in names for form in forms}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def _get_obj_does_not_exist_redirect(self, request: Any, opts: Any, object_id: Any) -> Any:
        raise Http404
