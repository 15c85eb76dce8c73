"""The application that `uvicorn src.main:app` serves, with the settings of the environment."""

import gc

from src.app import create_app
from src.config import load_settings
from src.observability.logging import configure_logging

settings = load_settings()
configure_logging(form=settings.log_form, level=settings.log_level)
app = create_app(settings)

# Freeze long-lived objects, because each full garbage collection of them would pause the process for 100 ms or more
# (ADR 0037).
gc.collect()
gc.freeze()
