from django.db import migrations

# What rarely changes and changes many pages: see movies.0002_revisions. What reviews say of films changes often, and
# moves the revisions of those films alone (aggregates.refresh).
FACTS = ['sentiment_modelversion', 'sentiment_promotion']


class Migration(migrations.Migration):

    dependencies = [
        ('sentiment', '0009_db_defaults'),
        ('movies', '0002_revisions'),
    ]

    operations = [
        migrations.RunSQL(
            f"""CREATE TRIGGER everything_changes AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION everything_changes()""",
            f'DROP TRIGGER everything_changes ON {table}',
        )
        for table in FACTS
    ] + [
        # With each review that is deleted goes a statement that deletes its disputes, mostly none.
        migrations.RunSQL(
            f"""CREATE TRIGGER {trigger} AFTER {events} ON sentiment_dispute
                FOR EACH {unit} EXECUTE FUNCTION everything_changes()""",
            f'DROP TRIGGER {trigger} ON sentiment_dispute',
        )
        for trigger, events, unit in (
            ('everything_changes', 'INSERT OR UPDATE OR DELETE', 'ROW'),
            ('everything_goes', 'TRUNCATE', 'STATEMENT'),
        )
    ]
