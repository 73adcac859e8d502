from django.urls import path

from textflix.reviews import views

urlpatterns = [
    path("film/<slug:slug>/review/", views.review_new, name="review_new"),
    path("review/<int:pk>/", views.review, name="review"),
    path("review/<int:pk>/edit/", views.review_edit, name="review_edit"),
    path("review/<int:pk>/delete/", views.review_delete, name="review_delete"),
]
