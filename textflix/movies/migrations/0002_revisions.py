from django.db import migrations

# What pages show has a revision: of one film, of all lists (scope 0), of everything (scope -1). A change appends a row
# in its own transaction, so that writers of different films never wait for each other; revision_of() counts. Numbers
# that are drawn would not do: the one drawn first may be the last to be committed, and the highest would not move.
# A sweep adds rows up, so that there are few to count. No model: nothing but revisions.py asks for them.
CREATE = """
CREATE TABLE movies_change (scope bigint NOT NULL);
CREATE INDEX movies_change_scope ON movies_change (scope);
CREATE TABLE movies_revision (scope bigint PRIMARY KEY, total bigint NOT NULL);

CREATE FUNCTION revision_of(wanted bigint) RETURNS bigint LANGUAGE sql STABLE
RETURN (SELECT COALESCE(SUM(total), 0)::bigint FROM movies_revision WHERE scope IN (-1, wanted))
     + (SELECT COUNT(*) FROM movies_change WHERE scope IN (-1, wanted));

CREATE FUNCTION everything_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO movies_change (scope) VALUES (-1);
    RETURN NULL;
END $$;
"""
DROP = """
DROP FUNCTION everything_changes();
DROP FUNCTION revision_of(bigint);
DROP TABLE movies_revision, movies_change;
"""
# Facts that rarely change and that many pages show. A database notices all ways of writing them.
FACTS = ['movies_movie', 'movies_movie_genres', 'movies_genre', 'movies_person', 'movies_credit']


def noticed(table):
    return migrations.RunSQL(
        f"""CREATE TRIGGER everything_changes AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION everything_changes()""",
        f'DROP TRIGGER everything_changes ON {table}',
    )


class Migration(migrations.Migration):

    dependencies = [
        ('movies', '0001_initial'),
        ('members', '0001_initial'),
    ]

    operations = [
        migrations.RunSQL(CREATE, DROP),
        *(noticed(table) for table in FACTS),
        # Of members only what pages tell of them: their row is written at every sign-in.
        migrations.RunSQL(
            """CREATE TRIGGER everything_changes AFTER UPDATE ON members_user FOR EACH ROW
               WHEN ((OLD.username, OLD.is_demo, OLD.date_joined)
                     IS DISTINCT FROM (NEW.username, NEW.is_demo, NEW.date_joined))
               EXECUTE FUNCTION everything_changes()""",
            'DROP TRIGGER everything_changes ON members_user',
        ),
        migrations.RunSQL(
            """CREATE TRIGGER everything_goes AFTER DELETE OR TRUNCATE ON members_user
               FOR EACH STATEMENT EXECUTE FUNCTION everything_changes()""",
            'DROP TRIGGER everything_goes ON members_user',
        ),
    ]
