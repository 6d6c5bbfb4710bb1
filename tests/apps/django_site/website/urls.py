"""Addresses of the Django site under test."""
from django.contrib import admin
from django.contrib.staticfiles.views import serve
from django.urls import path, re_path
from notes import views

urlpatterns = [
    path("admin/", admin.site.urls),
    re_path(r"^static/(?P<path>.*)$", serve, {"insecure": True}),
    path("", views.index), path("hello/<str:name>", views.hello), path("form", views.form),
    path("json", views.json_echo), path("upload", views.upload), path("download", views.download),
    path("events", views.events), path("next", views.next_event), path("visits", views.visits),
    path("error", views.error),
]
