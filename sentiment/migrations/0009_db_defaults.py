import django.contrib.postgres.fields
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sentiment', '0008_who_judged'),
    ]

    operations = [
        migrations.AddField(
            model_name='scorerequest',
            name='error',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='trainingrun',
            name='error',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='authored',
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="those of them by the reviews' authors"),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='by_version',
            field=models.JSONField(db_default={}, default=dict, verbose_name='verdicts of the critic by version'),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='criticism',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), db_default=[], default=list, size=None),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='demo',
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name='written for the demo'),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='failed',
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name='could not be read'),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='faulted',
            field=models.CharField(blank=True, choices=[('acting', 'Acting'), ('story', 'Story'), ('characters', 'Characters'), ('dialogue', 'Dialogue'), ('direction', 'Direction'), ('visuals', 'Visuals'), ('music', 'Music'), ('pacing', 'Pacing'), ('humour', 'Humour'), ('ending', 'Ending')], db_default='', default='', max_length=10, verbose_name='the aspect most surely faulted'),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='imported',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='labelled',
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name='verdicts that people gave'),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='negative',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='positive',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='praise',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), db_default=[], default=list, size=None),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='praised',
            field=models.CharField(blank=True, choices=[('acting', 'Acting'), ('story', 'Story'), ('characters', 'Characters'), ('dialogue', 'Dialogue'), ('direction', 'Direction'), ('visuals', 'Visuals'), ('music', 'Music'), ('pacing', 'Pacing'), ('humour', 'Humour'), ('ending', 'Ending')], db_default='', default='', max_length=10, verbose_name='the aspect most surely praised'),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='reviews',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='scored',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='starred',
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name='reviews with stars'),
        ),
        migrations.AlterField(
            model_name='moviesentiment',
            name='unsure',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='reading',
            name='attempts',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='reading',
            name='digest',
            field=models.CharField(blank=True, db_default='', default='', max_length=64),
        ),
        migrations.AlterField(
            model_name='reading',
            name='error',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AlterField(
            model_name='reading',
            name='received_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now),
        ),
        migrations.AlterField(
            model_name='reading',
            name='verdict',
            field=models.CharField(blank=True, choices=[('positive', 'Positive'), ('negative', 'Negative'), ('unsure', 'Unsure')], db_default='', default='', max_length=8),
        ),
        migrations.AlterField(
            model_name='scorerequest',
            name='attempts',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='attempts',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
    ]
