from django.db import migrations, models

# The database itself removes what hangs on a review. Django's own cascade looks first and deletes later: a score that a
# worker writes in between would make the delete fail.
RULES = [
    ("sentiment_reading", "review_id", "reviews_review", "CASCADE"),
    ("sentiment_score", "review_id", "reviews_review", "CASCADE"),
    ("sentiment_label", "review_id", "reviews_review", "CASCADE"),
    ("sentiment_moviesentiment", "movie_id", "movies_movie", "CASCADE"),
    ("sentiment_reading", "score_id", "sentiment_score", "SET NULL"),
    ("sentiment_reading", "label_id", "sentiment_label", "SET NULL"),
]


class Migration(migrations.Migration):
    dependencies = [("sentiment", "0001_initial")]
    operations = [
        migrations.AlterField(
            "moviesentiment",
            "movie",
            models.OneToOneField(
                "movies.Movie",
                models.DO_NOTHING,
                primary_key=True,
                serialize=False,
                related_name="sentiment",
                db_constraint=False,
            ),
        ),
    ] + [
        migrations.RunSQL(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_leaves FOREIGN KEY ({column})"
            f" REFERENCES {parent} (id) ON DELETE {action} DEFERRABLE INITIALLY DEFERRED",
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_leaves",
        )
        for table, column, parent, action in RULES
    ]
