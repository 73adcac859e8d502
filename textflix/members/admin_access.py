from typing import Any
from urllib.parse import urlencode

from allauth.account.decorators import secure_admin_login
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.contenttypes.views import shortcut
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from textflix.members.staff import acts_as_staff, has_second_factor


class StaffSite(AdminSite):
    """The admin. Where STAFF_MFA asks for it, staff come in by the site's own sign-in and a second factor."""

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

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not settings.STAFF_MFA:
            return super().login(request, extra_context)
        if super().has_permission(request) and not has_second_factor(request):
            return self._ask_for_second_factor(request)
        return secure_admin_login(super().login)(request, extra_context)

    def _ask_for_second_factor(self, request: HttpRequest) -> HttpResponse:
        if not is_mfa_enabled(request.user):
            messages.warning(request, "Staff need a second factor: set one up, then come back to the admin.")
            return redirect("mfa_activate_totp")
        back = get_next_redirect_url(request) or reverse("admin:index")
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': back})}")
