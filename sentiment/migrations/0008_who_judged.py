from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sentiment", "0007_movie_figures")]

    operations = [
        migrations.AddField(
            model_name="moviesentiment",
            name="authored",
            field=models.PositiveIntegerField(default=0, verbose_name="those of them by the reviews' authors"),
        ),
        migrations.AlterField(
            model_name="moviesentiment",
            name="by_version",
            field=models.JSONField(default=dict, verbose_name="verdicts of the critic by version"),
        ),
    ]
