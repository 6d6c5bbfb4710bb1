"""Waits a millisecond, as for an answer of a database: does the server use the time for others?"""

import asyncio

import raw_asgi


async def application(scope, receive, send):
    if scope["type"] == "http":
        await asyncio.sleep(0.001)
    await raw_asgi.application(scope, receive, send)
