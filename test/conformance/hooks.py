"""
Each request comes from an address of its own, as behind a proxy: an address that shows wrong keys is locked out.
No backup is asked to go on: its answer has no end.
"""

import itertools

import schemathesis

numbers = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    number = next(numbers)
    case.headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    if case.path == "/api/backup" and case.query.get("follow") == "true":
        case.query["follow"] = "false"
