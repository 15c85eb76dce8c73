"""The application plus a test route whose response stays open until shutdown."""

from collections.abc import AsyncIterator

from fastapi import Request
from fastapi.responses import StreamingResponse

from src.main import app
from src.shutdown import ShutdownSignal


@app.get("/stream")
async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse(_words(request.app.state.components.shutdown))


async def _words(shutdown: ShutdownSignal) -> AsyncIterator[bytes]:
    yield b"hello "
    await shutdown.wait()
    yield b"goodbye"
