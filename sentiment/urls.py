from django.urls import path

from sentiment.pages import critic_views, film_views, ready, review_views

urlpatterns = [
    path("film/<slug:slug>/sentiment.json", film_views.film_sentiment, name="film_sentiment"),
    path("film/<slug:slug>/bar/", film_views.film_bar, name="film_bar"),
    path("film/<slug:slug>/similar/", film_views.film_similar, name="film_similar"),
    path("film/<slug:slug>/card.png", film_views.film_card, name="film_card"),
    path("film/<slug:slug>/why/<slug:aspect>/", film_views.film_why, name="film_why"),
    path("review/<int:pk>/verdict.json", review_views.review_verdict, name="review_verdict"),
    path("review/<int:pk>/reading/", review_views.review_reading, name="review_reading"),
    path("review/<int:pk>/confirm/", review_views.review_confirm, name="review_confirm"),
    path("review/<int:pk>/dispute/", review_views.review_dispute, name="review_dispute"),
    path("critic/", critic_views.critic, name="critic"),
    path("critic/try/", critic_views.critic_try, name="critic_try"),
    path("critic/try/<uuid:pk>/", critic_views.critic_tried, name="critic_tried"),
    path("readyz", ready.readyz, name="readyz"),
]
