"""Writes starters: files and folders that were not there before, each whole or not at all, none over another."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from proxx.errors import EXIT_USAGE, ProxxError
from proxx.record import publish

HEAD = "rulebook.toml"


def must_be_free(paths: Iterable[str]) -> None:
    """Raise ProxxError (exit 2) when something stands at one of the paths already."""
    for path in paths:
        if os.path.lexists(path):
            raise ProxxError(
                f"{path} is there already", hint="Name another; it is not overwritten.", exit_code=EXIT_USAGE
            )


def write_files(files: Mapping[str, str], *, make_folders: bool = False) -> None:
    """Write new files by their paths: all of them or none. Raises ProxxError (exit 2)."""
    made: list[str] = []
    try:
        for path, text in files.items():
            if make_folders:
                os.makedirs(os.path.dirname(path), exist_ok=True)
            _write(path, text)
            made.append(path)
    except BaseException as error:
        for path in made:
            os.unlink(path)
        raise _trouble(path, error) from error


def _write(path: str, text: str) -> None:
    part = Path(path).with_name(f".{Path(path).name}.{os.getpid()}.part")
    try:
        with part.open("x", encoding="utf-8", errors="surrogateescape", newline="\n") as handle:
            handle.write(text)
        publish(str(part), path)
    finally:
        part.unlink(missing_ok=True)


def _trouble(path: str, error: BaseException) -> BaseException:
    """The words for a file that could not be written; what is no trouble with files stays what it is."""
    if isinstance(error, FileExistsError):
        return ProxxError(f"{path} is there already", hint="It is not overwritten.", exit_code=EXIT_USAGE)
    if isinstance(error, OSError):
        return ProxxError(f"cannot write {path}: {error.strerror}", exit_code=EXIT_USAGE)
    return error


def must_be_empty(folder: str) -> None:
    """Raise ProxxError (exit 2) unless the path is free or an empty folder."""
    try:
        taken = os.path.lexists(folder) and bool(os.listdir(folder))
    except OSError as error:
        raise ProxxError(f"cannot use {folder}: {error.strerror}", exit_code=EXIT_USAGE) from error
    if taken:
        raise ProxxError(f"{folder} is not empty", hint="Name a new or empty folder.", exit_code=EXIT_USAGE)


def write_folder(folder: str, files: Mapping[str, str]) -> None:
    """Write a new folder of files by their paths in it. It is built under another name; `HEAD` comes last.

    An empty folder that is there is filled. Raises ProxxError (exit 2) when it is not empty or cannot be written.
    """
    must_be_empty(folder)
    there = os.path.isdir(folder)
    beside = os.path.join(folder, ".part") if there else f"{folder.rstrip('/')}.{os.getpid()}.part"
    try:
        os.makedirs(os.path.dirname(os.path.abspath(beside)), exist_ok=True)
        os.mkdir(beside)
        try:
            _fill(beside, files)
            if there:
                _move_up(beside, folder)
            else:
                os.rename(beside, folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise ProxxError(f"cannot write {folder}: {error.strerror}", exit_code=EXIT_USAGE) from error


def _fill(folder: str, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")


def _move_up(beside: str, folder: str) -> None:
    """Give what was built its place, the head last: without it the folder is no rulebook."""
    moved: list[str] = []
    try:
        for name in sorted(os.listdir(beside), key=lambda name: (name == HEAD, name)):
            os.rename(os.path.join(beside, name), os.path.join(folder, name))
            moved.append(name)
    except BaseException:
        for name in moved:
            os.rename(os.path.join(folder, name), os.path.join(beside, name))
        raise
