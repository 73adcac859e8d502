import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sentiment', '0010_revisions'),
    ]

    operations = [
        migrations.AddField(
            model_name='promotion',
            name='accepted_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        # All that were made before served at once.
        migrations.RunSQL('UPDATE sentiment_promotion SET accepted_at = at', migrations.RunSQL.noop),
        migrations.AddField(
            model_name='promotion',
            name='attempts',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='promotion',
            name='error',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='promotion',
            name='leased_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='promotion',
            name='returns_to',
            field=models.ForeignKey(blank=True, help_text='The promotion rolled back to.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='sentiment.promotion'),
        ),
        migrations.CreateModel(
            name='ScoringWorker',
            fields=[
                ('name', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('seen_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('error', models.TextField(blank=True, db_default='', default='')),
                ('version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='sentiment.modelversion')),
            ],
        ),
    ]
