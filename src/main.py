"""The application that `uvicorn src.main:app` serves, with the settings of the environment."""

from src.app import create_app
from src.config import load_settings

app = create_app(load_settings())
