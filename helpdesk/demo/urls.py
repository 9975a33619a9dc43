from django.urls import path

from helpdesk.demo import views

urlpatterns = [path("demo/", views.shop, name="demo")]
