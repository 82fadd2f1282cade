"""The demo's addresses, mounted only while DEMO is on."""

from django.urls import path

from project.demo import views

app_name = "demo"

urlpatterns = [path("send/", views.send, name="send")]
