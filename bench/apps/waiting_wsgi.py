"""Waits a millisecond, as for an answer of a database: does the server use the time for others?"""

import time

import raw_wsgi


def application(environ, start_response):
    time.sleep(0.001)
    return raw_wsgi.application(environ, start_response)
