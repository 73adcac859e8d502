from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class MembersConfig(AppConfig):
    name = "textflix.members"
    default = True

    def ready(self) -> None:
        from textflix.members import audit  # noqa: F401  connects the receivers; models must be loaded first


class AdminConfig(DjangoAdminConfig):
    default_site = "textflix.members.admin_access.StaffSite"
