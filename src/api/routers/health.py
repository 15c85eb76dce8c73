"""Health checks for load balancers and orchestrators."""

from typing import Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from src.api.compiled_route import CompiledRoute
from src.api.dependencies import require_ready
from src.api.openapi import errors, operation_id
from src.api.responses import json_response

router = APIRouter(route_class=CompiledRoute, tags=["health"], generate_unique_id_function=operation_id)


class Health(BaseModel):
    """The response of a health check that succeeds."""

    status: Literal["ok"]


_OK = Health(status="ok").model_dump_json()


@router.get("/health", response_model=Health)
async def get_health() -> Response:
    """Liveness: succeeds while the process runs, even without its database. Restart the process if it fails."""
    return json_response(_OK)


@router.get("/ready", responses=errors(503), response_model=Health, dependencies=[Depends(require_ready)])
async def get_readiness() -> Response:
    """Readiness: succeeds if the database is reachable and its schema is current. Route requests here only then."""
    return json_response(_OK)
