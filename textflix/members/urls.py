from django.urls import path

from textflix.members import views

urlpatterns = [path("member/<slug:username>/", views.member, name="member")]
