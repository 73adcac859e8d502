import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

ASPECTS = [
    ("acting", "Acting"),
    ("story", "Story"),
    ("characters", "Characters"),
    ("dialogue", "Dialogue"),
    ("direction", "Direction"),
    ("visuals", "Visuals"),
    ("music", "Music"),
    ("pacing", "Pacing"),
    ("humour", "Humour"),
    ("ending", "Ending"),
]
# As in 0002: the database itself removes what hangs on a review or a film.
RULES = [
    ("sentiment_judgement", "review_id", "reviews_review"),
    ("sentiment_highlight", "review_id", "reviews_review"),
    ("sentiment_movieaspect", "movie_id", "movies_movie"),
]


def _key() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def _parent(name: str, to: str) -> models.ForeignKey:
    return models.ForeignKey(
        to, django.db.models.deletion.DO_NOTHING, related_name=name, db_index=False, db_constraint=False
    )


class Migration(migrations.Migration):
    dependencies = [
        ("movies", "0001_initial"),
        ("reviews", "0002_in_the_order_of_pages"),
        ("sentiment", "0003_mentions_and_embedding"),
    ]
    operations = [
        migrations.CreateModel(
            "Judgement",
            [
                ("id", _key()),
                ("aspect", models.CharField(choices=ASPECTS, max_length=10)),
                ("start", models.PositiveIntegerField()),
                ("end", models.PositiveIntegerField()),
                ("positive", models.FloatField()),
                ("review", _parent("judgements", "reviews.review")),
            ],
            {
                "ordering": ["review", "start"],
                "constraints": [
                    models.UniqueConstraint(fields=("review", "aspect"), name="one_judgement_per_review_and_aspect")
                ],
            },
        ),
        migrations.CreateModel(
            "Highlight",
            [
                ("id", _key()),
                ("favourable", models.BooleanField()),
                ("start", models.PositiveIntegerField()),
                ("end", models.PositiveIntegerField()),
                ("weight", models.FloatField(verbose_name="its share of the logit, without sign")),
                ("review", _parent("highlights", "reviews.review")),
            ],
            {
                "ordering": ["review", "start"],
                "constraints": [
                    models.UniqueConstraint(fields=("review", "favourable"), name="one_highlight_per_review_and_side")
                ],
            },
        ),
        migrations.CreateModel(
            "MovieAspect",
            [
                ("id", _key()),
                ("aspect", models.CharField(choices=ASPECTS, max_length=10)),
                ("positive", models.PositiveIntegerField()),
                ("negative", models.PositiveIntegerField()),
                ("praise", django.contrib.postgres.fields.ArrayField(models.BigIntegerField())),
                ("criticism", django.contrib.postgres.fields.ArrayField(models.BigIntegerField())),
                (
                    "side",
                    models.CharField(
                        choices=[("praised", "Praised"), ("faulted", "Faulted")], max_length=7, blank=True
                    ),
                ),
                ("praise_low", models.FloatField(verbose_name="Wilson lower bound of the share that praises it")),
                ("criticism_low", models.FloatField(verbose_name="Wilson lower bound of the share that faults it")),
                ("movie", _parent("aspects", "movies.movie")),
            ],
            {
                "ordering": ["movie", "aspect"],
                "constraints": [
                    models.UniqueConstraint(fields=("movie", "aspect"), name="one_row_per_film_and_aspect")
                ],
                "indexes": [
                    models.Index(
                        fields=["aspect", "side", "movie"],
                        name="aspect_claimed",
                        condition=models.Q(("side", ""), _negated=True),
                    )
                ],
            },
        ),
        migrations.AddField(
            "moviesentiment", "failed", models.PositiveIntegerField(default=0, verbose_name="could not be read")
        ),
        migrations.AddField(
            "moviesentiment",
            "labelled",
            models.PositiveIntegerField(default=0, verbose_name="verdicts that people gave"),
        ),
        migrations.AddField(
            "moviesentiment", "starred", models.PositiveIntegerField(default=0, verbose_name="reviews with stars")
        ),
        migrations.AddField(
            "moviesentiment", "stars", models.FloatField(null=True, verbose_name="mean of the stars")
        ),
        *(
            migrations.AddField(
                "moviesentiment",
                name,
                django.contrib.postgres.fields.ArrayField(models.BigIntegerField(), default=list),
            )
            for name in ("praise", "criticism")
        ),
        *(
            migrations.AddField(
                "moviesentiment",
                name,
                models.CharField(
                    choices=ASPECTS, max_length=10, blank=True, default="", verbose_name=f"the aspect most surely {name}"
                ),
                preserve_default=False,
            )
            for name in ("praised", "faulted")
        ),
    ] + [
        migrations.RunSQL(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_leaves FOREIGN KEY ({column})"
            f" REFERENCES {parent} (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_leaves",
        )
        for table, column, parent in RULES
    ]
