"""The talk's two routes on Flask."""

import random

from flask import Flask, jsonify

from packages import PACKAGES

app = Flask(__name__)


@app.get("/packages/<name>")
def read_package(name):
    package = PACKAGES.get(name)
    return jsonify(package) if package else (jsonify(error="Could not find a package"), 404)


@app.get("/rand")
def read_random_package():
    return jsonify(random.choice(list(PACKAGES.values())))
