from django.urls import path

from collaboration.context import access_views, customer_views, field_views, views

app_name = "context"
customer = "workspace/customers/<uuid:pk>/"
field = customer + "fields/<slug:key>/"
one = "workspace/conversations/<uuid:pk>/"
urlpatterns = [
    path(one + "timeline/", views.timeline, name="timeline"),
    path(one + "timeline/<uuid:past>/", views.said, name="said"),
    path(one + "context/notes/", views.notes, name="notes"),
    path(one + "context/files/", views.files, name="files"),
    path("workspace/customers/", customer_views.search, name="customers"),
    path(customer, customer_views.customer, name="customer"),
    path(customer + "facts/", customer_views.facts, name="facts"),
    path(customer + "history/", customer_views.history, name="history"),
    path(customer + "reveal/", customer_views.reveal, name="reveal"),
    path(field, customer_views.field, name="field"),
    path(field + "undo/", customer_views.undo, name="undo"),
    path("workspace/reveals/<uuid:pk>/revoke/", customer_views.revoke, name="revoke"),
    path("settings/customer-fields/", field_views.index, name="customer-fields"),
    path("settings/customer-fields/new/", field_views.edit, name="new-field"),
    path("settings/customer-fields/<int:pk>/", field_views.edit, name="edit-field"),
    path("settings/customer-fields/<int:pk>/archive/", field_views.archive, name="archive-field"),
    path("settings/customer-fields/<int:pk>/move/", field_views.move, name="move-field"),
    path("settings/access/", access_views.access, name="access"),
]
