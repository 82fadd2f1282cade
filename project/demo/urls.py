"""The demo's addresses, mounted only while DEMO is on."""

from django.urls import path

from project.demo import page, views

app_name = "demo"

urlpatterns = [
    path("", page.page, name="page"),
    path("clock/", page.clock, name="clock"),
    path("tokens/<slug:name>/", page.give_token, name="token"),
    path("play/<slug:name>/", page.play, name="play"),
    path("send/", views.send, name="send"),
]
