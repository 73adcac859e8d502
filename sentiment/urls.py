from django.urls import path

from sentiment import views

urlpatterns = [
    path("film/<slug:slug>/sentiment.json", views.film_sentiment, name="film_sentiment"),
    path("film/<slug:slug>/bar/", views.film_bar, name="film_bar"),
    path("review/<int:pk>/verdict.json", views.review_verdict, name="review_verdict"),
    path("review/<int:pk>/reading/", views.review_reading, name="review_reading"),
    path("readyz", views.readyz, name="readyz"),
]
