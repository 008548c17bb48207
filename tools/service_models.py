"""Write the service models that ddbha answers by: those of the installed botocore, without their prose.

`make models` in an environment with the newest botocore; https://github.com/boto/botocore, Apache-2.0.
"""

from __future__ import annotations

import json
from typing import Any

import botocore
from botocore.loaders import create_loader

from ddbha.api.wire.model import MODELS, SERVICES


def stripped(model: Any) -> Any:
    """A model without documentation; a member that is named so stays."""
    if isinstance(model, dict):
        return {
            name: stripped(content)
            for name, content in model.items()
            if not (name.startswith("documentation") and isinstance(content, str))
        }
    return [stripped(content) for content in model] if isinstance(model, list) else model


def installed(service: str) -> dict[str, Any]:
    """The model of a service in the installed botocore, stripped, with the version it is of."""
    model: dict[str, Any] = stripped(create_loader().load_service_model(service, "service-2"))
    model["metadata"]["source"] = f"botocore {botocore.__version__}"
    return model


def main() -> None:
    for service in SERVICES:
        model = installed(service)
        path = MODELS / service / model["metadata"]["apiVersion"] / "service-2.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
