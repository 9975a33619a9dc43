from django import template

from collaboration.reports.scope import may_see

register = template.Library()
register.filter("sees_reports", may_see)
