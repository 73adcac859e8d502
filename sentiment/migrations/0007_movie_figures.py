import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("movies", "0001_initial"), ("sentiment", "0006_score_requests")]
    operations = [
        migrations.CreateModel(
            "MovieFigures",
            [
                (
                    "movie",
                    models.OneToOneField(
                        "movies.movie",
                        django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="figures",
                        db_constraint=False,
                        serialize=False,
                    ),
                ),
                ("days", models.JSONField()),
                ("stars", models.JSONField()),
                ("scores", models.JSONField()),
            ],
            {"verbose_name_plural": "movie figures"},
        ),
        # As in 0002: the database itself removes what hangs on a film.
        migrations.RunSQL(
            "ALTER TABLE sentiment_moviefigures ADD CONSTRAINT sentiment_moviefigures_movie_id_leaves"
            " FOREIGN KEY (movie_id) REFERENCES movies_movie (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE sentiment_moviefigures DROP CONSTRAINT sentiment_moviefigures_movie_id_leaves",
        ),
    ]
