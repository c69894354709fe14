"""The talk's two routes on FastAPI."""

import random

from fastapi import FastAPI, HTTPException

from packages import PACKAGES

app = FastAPI()


@app.get("/packages/{name}")
async def read_package(name: str):
    if package := PACKAGES.get(name):
        return package
    raise HTTPException(404, "Could not find a package")


@app.get("/rand")
async def read_random_package():
    return random.choice(list(PACKAGES.values()))
