"""The talk's three packages."""

PACKAGES = {
    "flask": {
        "name": "flask",
        "short_desc": "A simple framework for building complex web applications.",
    },
    "sanic": {
        "name": "sanic",
        "short_desc": "A web server and web framework that's written to go fast. "
        "Build fast. Run fast.",
    },
    "poetry": {
        "name": "poetry",
        "short_desc": "Python dependency management and packaging made easy.",
    },
}
