"""Whether this process lives, and whether it is ready to serve."""

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import Error
from django.http import HttpRequest, HttpResponse, JsonResponse


def healthz(request: HttpRequest) -> HttpResponse:
    """Live: the process answers. Asks nobody else."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Ready: the database answers and is migrated. Redis is named, but screens work without."""
    checks: dict[str, bool] = {}
    try:
        executor = MigrationExecutor(connection)
        checks["database"] = True
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        checks["migrations"] = not plan
    except Error:
        checks["database"] = checks["migrations"] = False
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        checks["redis"] = bool(client.ping())
    except (redis.RedisError, OSError):
        checks["redis"] = False
    finally:
        client.close()
    ready = checks["database"] and checks["migrations"]
    return JsonResponse(checks, status=200 if ready else 503)
