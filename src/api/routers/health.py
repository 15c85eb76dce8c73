"""Health checks for load balancers and orchestrators."""

from typing import Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from src.api.dependencies import require_ready
from src.api.openapi import errors, operation_id

router = APIRouter(tags=["health"], generate_unique_id_function=operation_id)


class Health(BaseModel):
    """The process lives."""

    status: Literal["ok"]


@router.get("/health")
async def get_health() -> Health:
    """The process lives, whatever the database does: restart it when this fails."""
    return Health(status="ok")


@router.get("/ready", responses=errors(503), dependencies=[Depends(require_ready)])
async def get_readiness() -> Health:
    """The database is reachable and its schema is current: send requests only while this succeeds."""
    return Health(status="ok")
