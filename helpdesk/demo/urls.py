from django.urls import path

from helpdesk.demo import styleguide, views

urlpatterns = [
    path("demo/", views.shop, name="demo"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
]
