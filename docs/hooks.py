"""The site without a network: its search works from a disk too."""

from __future__ import annotations

from typing import Any

from mkdocs.utils import get_relative_url

_ELSEWHERE = "https://unpkg.com/iframe-worker/shim"
_HERE = "search-on-disk.js"


def on_post_page(output: str, *, page: Any, **_: Any) -> str:
    """Take the script that gives pages on a disk a worker from the site itself."""
    return output.replace(_ELSEWHERE, get_relative_url(_HERE, page.url))


def on_post_template(output_content: str, *, template_name: str, **_: Any) -> str:
    """The same for pages that are no documents."""
    return output_content.replace(_ELSEWHERE, f"/{_HERE}")
