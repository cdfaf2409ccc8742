"""The map of HTTP doors."""

from django.contrib import admin
from django.urls import include, path, re_path

from consult import installable, web
from consult.api import api, mount
from consult.cases import stats_page
from consult.moderation import transparency
from consult.rooms.pro_sante_connect_api import doors

mount()

urlpatterns = [
    path("healthz", web.healthz),
    path("readyz", web.readyz),
    path("metrics", web.metrics),
    path("stats", stats_page.page),
    path("manifest.webmanifest", installable.manifest),
    path("sw.js", installable.worker),
    path("admin/", admin.site.urls),
    path("transparency", transparency.page),
    path("_allauth/", include(doors())),
    path("_allauth/", include("allauth.headless.urls")),
    path("accounts/", include("allauth.urls")),  # names that mails reverse; HEADLESS_ONLY leaves no pages
    path("api/v1/", api.urls),
    re_path(r"^api/", web.no_such_door),
    re_path(r"^(?!static/|_allauth/|ws/).*$", web.page),
]
