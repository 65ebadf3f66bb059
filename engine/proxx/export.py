"""The decision tables as data for the page that answers questions: the same cells, findings and words, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxx.answers import reasons
from proxx.facts import source_facts
from proxx.model import Media
from proxx.profilepages import placeholder_spec
from proxx.rulebook import Rulebook
from proxx.tables import OTHERWISE, Column, Row, Table

FORMAT = 1
STAGES = ("spec", "source", "job")
"""The stages whose tables the page asks."""

FINDING_KEYS = ("title", "severity", "what", "why", "fix")
PROFILE_KEYS = ("name", "title", "engine", "codec", "container", "resolutions")


def exported(rulebook: Rulebook) -> dict[str, Any]:
    """What the page needs: tables, their findings, the words for codecs and containers, profiles with a spec."""
    tables = [table for stage in STAGES for table in rulebook.tables(stage)]
    codecs = list(rulebook.items["codec"])
    raised = [name for table in tables for name in sorted(table.findings)]
    return {
        "format": FORMAT,
        "rulebook": rulebook.identity,
        "tables": {table.name: _table(table) for table in tables},
        "findings": {
            name: {key: rulebook.findings[name][key] for key in FINDING_KEYS if key in rulebook.findings[name]}
            for name in dict.fromkeys(raised)
        },
        "titles": {
            kind: {name: data["title"] for name, data in rulebook.items[kind].items()}
            for kind in ("codec", "container", "source-codec")
        },
        "extensions": {
            name: data["extensions"][0] for name, data in rulebook.items["container"].items() if data.get("extensions")
        },
        "classes": _classes(rulebook),
        "profiles": [
            {**{key: rulebook.profiles[name][key] for key in PROFILE_KEYS}, "spec": _spec(rulebook.profiles[name])}
            for name in sorted(
                rulebook.profiles, key=lambda name: (codecs.index(rulebook.profiles[name]["codec"]), name)
            )
        ],
    }


def _spec(profile: Mapping[str, Any]) -> dict[str, Any]:
    return placeholder_spec(profile, "/path/to/clip")


def _classes(rulebook: Rulebook) -> dict[str, str]:
    """Of every source codec: whether it is RAW, unknown or standard, as the route asks."""
    column = rulebook.table("source-capability").column("codec")
    words = [str(column.sample(1 << at)) for at in range(column.width)]
    return {word: str(source_facts(rulebook, Media(codec=word))["source.class"]) for word in words}


def _table(table: Table) -> dict[str, Any]:
    return {
        "doc": table.doc,
        "stage": table.stage,
        "columns": [_column(column) for column in table.columns],
        "rows": [_row(row, table) for row in table.rows],
        "otherwise": None if table.otherwise is None else _row(table.otherwise, table),
    }


def _column(column: Column) -> dict[str, Any]:
    domain = column.fact.domain
    shape = (
        {"low": domain.low, "high": domain.high, "cuts": list(column.cuts)}
        if domain.is_range
        else {"values": list(domain.values), "other": domain.other}
    )
    return {"name": column.name, "fact": column.fact.name, "doc": column.fact.doc, **shape}


def _row(row: Row, table: Table) -> dict[str, Any]:
    """A row; a cell lists the places of the values that it takes, and null takes them all."""
    cells = [
        None if mask == column.full else [at for at in range(column.width) if mask >> at & 1]
        for column, mask in zip(table.columns, row.masks, strict=row.id != OTHERWISE)
    ]
    return {
        "id": row.id,
        "cells": cells,
        "then": dict(row.outcome),
        "finding": row.finding,
        "why": reasons(row.about),
    }
