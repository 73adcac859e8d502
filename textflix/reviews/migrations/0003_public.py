from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_in_the_order_of_pages")]
    operations = [
        # It writes the table anew, once: a stored column cannot come in two steps.
        migrations.AddField(
            "review",
            "public",
            models.GeneratedField(
                expression=models.ExpressionWrapper(Q(hidden=False), models.BooleanField()),
                output_field=models.BooleanField(),
                db_persist=True,
            ),
        ),
        migrations.AlterField("review", "hidden", models.BooleanField(db_default=False, default=False)),
        migrations.AlterField(
            "review",
            "spoiler",
            models.BooleanField(db_default=False, default=False, verbose_name="contains spoilers"),
        ),
    ]
