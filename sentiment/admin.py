"""The registration of sentiment's models in the admin: sentiment.desk has their pages."""

from django.contrib import admin

from sentiment.desk.disputes import DisputeAdmin
from sentiment.desk.reviews import LabelAdmin, ReviewAdmin
from sentiment.desk.versions import ModelVersionAdmin, PromotionAdmin, TrainingRunAdmin
from sentiment.models import Dispute, Label, ModelVersion, Promotion, TrainingRun
from textflix.reviews.models import Review

admin.site.register(Review, ReviewAdmin)
admin.site.register(ModelVersion, ModelVersionAdmin)
admin.site.register(Promotion, PromotionAdmin)
admin.site.register(TrainingRun, TrainingRunAdmin)
admin.site.register(Label, LabelAdmin)
admin.site.register(Dispute, DisputeAdmin)
