from django.db import migrations

TABLES = ("axes_accessattemptexpiration", "axes_accessattempt", "axes_accessfailurelog", "axes_accesslog")


def forget_rights(apps, schema_editor):
    """The admin would go on to offer the rights to look at tables that are gone."""
    apps.get_model("contenttypes", "ContentType").objects.filter(app_label="axes").delete()


class Migration(migrations.Migration):
    """django-axes counted wrong passwords at the admin's own sign-in, which is gone; it kept typed names in clear."""

    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("members", "0002_limited_events"),
    ]

    operations = [
        migrations.RunSQL("".join(f"DROP TABLE IF EXISTS {table};" for table in TABLES), migrations.RunSQL.noop),
        migrations.RunPython(forget_rights, migrations.RunPython.noop),
    ]
