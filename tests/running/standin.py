"""The real runner with small programs in place of Django's. STANDIN names them in JSON: port, setup, children."""

import json
import os
import sys

from textflix.running.children import Child
from textflix.running.runner import Site, main


def site() -> Site:
    asked = json.loads(os.environ["STANDIN"])
    children = [
        Child(name, [sys.executable, "-c", code], once=name.startswith("once"), vital=name.startswith("vital"))
        for name, code in asked["children"].items()
    ]
    return Site(asked["port"], Child("Setting up", [sys.executable, "-c", asked["setup"]], once=True), children)


sys.exit(main(site))
