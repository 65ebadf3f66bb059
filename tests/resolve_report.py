"""Renders clips by Resolve profiles and writes down what was proved, in a form that the matrices can cite."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proxx.cli import main

FORMAT = 1
COUNTS = ("container", "codec", "timecode", "reel")


def render(profile: Mapping[str, Any], clips: Sequence[Path], folder: Path, *words: str) -> list[dict[str, Any]]:
    """Make proxies of clips by a profile; of each what it came to, as a report says it."""
    spec = folder / f"{profile['name']}.json"
    document = {
        "jobspec_version": "2.1",
        "sources": [str(clip) for clip in clips],
        "output_directory": str(folder / profile["name"]),
        "codec": profile["codec"],
        "container": profile["container"],
        "resolution": "half",
        "naming_template": "{source_name}_proxy",
        "proxy_profile": profile["name"],
    }
    spec.write_text(json.dumps(document), "utf-8")
    main(["run", str(spec), "--quiet", *words])
    records = sorted((folder / profile["name"]).glob("*.record.json"))
    told = json.loads(records[-1].read_text("utf-8"))["clips"] if records else []
    return [{"profile": profile["name"], **profile["render"], **_result(clip)} for clip in told]


def _result(clip: Mapping[str, Any]) -> dict[str, Any]:
    engine = clip.get("resolve", {})
    made = clip.get("media", {})
    return {
        "source": Path(clip["source"]).name,
        "source_codec": clip["source_media"]["codec"],
        "status": clip["status"],
        "findings": [finding["id"] for finding in clip["findings"]],
        "messages": [finding["message"] for finding in clip["findings"]],
        "resolve_says": (engine.get("bound") or {}).get("clip"),
        "made": {key: made.get(key) for key in COUNTS} | {"frames": clip.get("frames")},
        "sha256": clip.get("sha256"),
        "engine_impl": engine.get("engine_impl"),
        "product": engine.get("product"),
        "version": engine.get("version"),
    }


def write_report(path: Path, results: Sequence[Mapping[str, Any]], signed_off_by: str) -> dict[str, Any]:
    """Write the report: `verified_on` is the version that may be cited, and nothing where any part is not for real."""
    versions = {str(one["version"]) for one in results}
    real = bool(results) and all(one["engine_impl"] == "resolve" for one in results)
    fine = real and len(versions) == 1 and all(one["status"] == "COMPLETED" for one in results)
    report = {
        "format": FORMAT,
        "verified_on": versions.pop() if fine and signed_off_by else None,
        "signed_off_by": signed_off_by or None,
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "system": platform.platform(),
        "results": list(results),
    }
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return report
