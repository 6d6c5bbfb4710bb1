"""FastAPI's hello, as its documentation writes it."""

from fastapi import FastAPI

application = FastAPI()


@application.get("/")
async def hello():
    return {"message": "Hello, world!"}
