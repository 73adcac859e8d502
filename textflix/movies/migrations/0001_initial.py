import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations, models

# What search compares: lower case, no accents, apostrophes gone, other ASCII punctuation and runs of space to one space.
# unaccent() alone may not be in generated columns, because its rules could be edited; ours are the shipped ones. The
# RETURN body is bound when it is created, so that it works under every search_path, a restore's included.
CREATE_FOLD = r"""
CREATE FUNCTION fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN btrim(regexp_replace(
    replace(lower(unaccent('unaccent'::regdictionary, $1)), '''', ''), '[[:space:]!-/:-@\[-`{-~]+', ' ', 'g'
))
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        migrations.RunSQL(CREATE_FOLD, 'DROP FUNCTION fold(text)'),
        migrations.CreateModel(
            name='Genre',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True)),
                ('slug', models.SlugField(max_length=60, unique=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, unique=True)),
            ],
            options={
                'verbose_name_plural': 'people',
            },
        ),
        migrations.CreateModel(
            name='Movie',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('imdb_id', models.CharField(max_length=12, unique=True, validators=[django.core.validators.RegexValidator('^tt[0-9]{7,10}\\Z')], verbose_name='IMDb id')),
                ('slug', models.SlugField(max_length=120, unique=True)),
                ('title', models.CharField(max_length=300)),
                ('year', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('runtime', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='runtime (minutes)')),
                ('certificate', models.CharField(blank=True, max_length=20)),
                ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('countries', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None)),
                ('tomatometer', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('metacritic', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('box_office', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='box office (US $)')),
                ('listed', models.BooleanField(default=True)),
                ('names', models.TextField(blank=True, editable=False, verbose_name='names of its people, for search')),
                ('search_title', models.GeneratedField(db_persist=True, expression=models.Func(models.F('title'), function='fold'), output_field=models.TextField(db_collation='C'))),
                ('search_names', models.GeneratedField(db_persist=True, expression=models.Func(models.F('names'), function='fold'), output_field=models.TextField())),
                ('search', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.SearchVector(models.Func(models.F('title'), function='fold'), config='simple', weight='A'), '||', django.contrib.postgres.search.SearchVector(models.Func(models.F('names'), function='fold'), config='simple', weight='B'), django.contrib.postgres.search.SearchConfig('simple')), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('genres', models.ManyToManyField(blank=True, related_name='movies', to='movies.genre')),
            ],
        ),
        migrations.CreateModel(
            name='Credit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('director', 'Director'), ('writer', 'Writer'), ('cast', 'Cast')], max_length=8)),
                ('position', models.PositiveSmallIntegerField()),
                ('movie', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='credits', to='movies.movie')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='credits', to='movies.person')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.AddField(
            model_name='movie',
            name='people',
            field=models.ManyToManyField(related_name='movies', through='movies.Credit', to='movies.person'),
        ),
        migrations.AddIndex(
            model_name='movie',
            index=models.Index(models.F('search_title'), models.F('id'), condition=models.Q(('listed', True)), name='movie_by_title'),
        ),
        migrations.AddIndex(
            model_name='movie',
            index=models.Index(models.OrderBy(models.F('year'), descending=True), models.F('id'), condition=models.Q(('listed', True)), name='movie_newest'),
        ),
        migrations.AddIndex(
            model_name='movie',
            index=django.contrib.postgres.indexes.GinIndex(models.F('languages'), name='movie_languages'),
        ),
        migrations.AddIndex(
            model_name='movie',
            index=django.contrib.postgres.indexes.GinIndex(models.F('search'), name='movie_search'),
        ),
        migrations.AddIndex(
            model_name='movie',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass('search_title', 'gin_trgm_ops'), name='movie_title_typos'),
        ),
        migrations.AddIndex(
            model_name='movie',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass('search_names', 'gin_trgm_ops'), name='movie_names_typos'),
        ),
        migrations.AddConstraint(
            model_name='credit',
            constraint=models.UniqueConstraint(fields=('movie', 'role', 'person'), name='one_credit_per_movie_role_and_person'),
        ),
    ]
