"""The talk's two routes on Sanic."""

import random

from sanic import Sanic, json

from packages import PACKAGES

app = Sanic("pyaday", configure_logging=False)


@app.get("/packages/<name>")
async def read_package(request, name):
    package = PACKAGES.get(name)
    return json(package) if package else json({"error": "Could not find a package"}, 404)


@app.get("/rand")
async def read_random_package(request):
    return json(random.choice(list(PACKAGES.values())))
