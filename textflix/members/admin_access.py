from typing import Any
from urllib.parse import urlencode

from allauth.account.decorators import secure_admin_login
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.contenttypes.views import shortcut
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import path, reverse

from textflix.members.staff import acts_as_staff


class StaffSite(AdminSite):
    """The admin. It has no forms for passwords of its own: they would go round the site's limits and second factor."""

    site_header = site_title = "Textflix"
    index_title = "The house"
    enable_nav_sidebar = False  # the review list needs the width

    def get_urls(self) -> list[Any]:
        """Let "view on site" take numbers alone: Django's own fails on a word where a model's id cannot be one."""
        on_site = "r/<int:content_type_id>/<int:object_id>/"
        own = path(on_site, self.admin_view(shortcut), name="view_on_site")
        return [own, *(each for each in super().get_urls() if getattr(each, "name", "") != own.name)]

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and acts_as_staff(request)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return _enter(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        return redirect("account_change_password")


@secure_admin_login
def _enter(request: HttpRequest) -> HttpResponse:
    """Lead a member of staff who is signed in to the admin, by way of the second factor where it is asked for."""
    back = get_next_redirect_url(request) or reverse("admin:index")
    if acts_as_staff(request):
        return HttpResponseRedirect(back)
    if not is_mfa_enabled(request.user):
        messages.warning(request, "Staff need a second factor: set one up, then come back to the admin.")
        return redirect("mfa_activate_totp")
    return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': back})}")
