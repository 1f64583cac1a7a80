"""Find the configuration, read it, lay the environment over it, check the whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from podium.core.errors import ConfigError
from podium.core.settings import Settings

from .checks import check
from .document import read_document
from .environment import CONFIG_VARIABLE, override
from .reader import Reader
from .report import Report

FILE_NAMES = ("podium.yaml", "podium.yml")
"""Looked for in the working directory, in this order."""

LARGEST_FILE = 1_000_000
"""Bytes. A larger file is not a configuration but a slip, and would be read for minutes."""


class LoadedSettings(Struct, frozen=True, kw_only=True):
    """Settings and where they came from."""

    settings: Settings
    source: Path | None
    """None where there was no file and the defaults hold."""
    warnings: tuple[str, ...] = ()
    """What works and is probably not meant, a sentence each."""


def load_settings(
    path: Path | None, *, environ: Mapping[str, str], cwd: Path, presets: frozenset[str] | None = None
) -> LoadedSettings:
    """The settings in force.

    The file is `path`, else `$PODIUM_CONFIG`, else `podium.yaml` or `podium.yml` in `cwd`; having none is fine.
    `presets` are the provider names known without further description; None means those Podium ships. Raises
    InvalidConfig with every problem found, or ConfigError for a file that is not there.
    """
    found, name, warnings = _find(path, environ, cwd)
    text = "" if found is None else _text(found, name)
    loaded = read_settings(text, name=name, environ=environ, presets=presets)
    return LoadedSettings(settings=loaded.settings, source=found, warnings=(*warnings, *loaded.warnings))


def read_settings(
    text: str, *, name: str, environ: Mapping[str, str], presets: frozenset[str] | None = None
) -> LoadedSettings:
    """The settings a YAML text states, with the environment laid over them. `name` stands for the file in errors."""
    report = Report(name)
    document = read_document(text, report)
    settings = Reader(report, environ).settings(document)
    settings = override(settings, environ, report)
    check(settings, report, _shipped_presets() if presets is None else presets)
    report.raise_if_rejected()
    return LoadedSettings(settings=settings, source=None, warnings=tuple(report.warnings))


def _shipped_presets() -> frozenset[str]:
    # Here and not above: reading a file with presets given should not load every vendor's.
    from podium.models.providers.presets import ALIASES, PRESETS

    return frozenset(PRESETS) | frozenset(ALIASES)


def _find(path: Path | None, environ: Mapping[str, str], cwd: Path) -> tuple[Path | None, str, tuple[str, ...]]:
    """The file to read, its name for errors, and warnings."""
    if path is not None:
        return cwd / path, str(path), ()
    named = environ.get(CONFIG_VARIABLE, "")
    if named:
        if not (cwd / named).exists():
            raise ConfigError(
                f"there is no file `{named}`.",
                remedy=f"Correct or unset {CONFIG_VARIABLE}.",
                where=f"${CONFIG_VARIABLE}",
            )
        return cwd / named, named, ()
    present = [name for name in FILE_NAMES if (cwd / name).exists() or (cwd / name).is_symlink()]
    if not present:
        return None, FILE_NAMES[0], ()
    shadowed = tuple(f"{name} is not read, because {present[0]} is there too." for name in present[1:])
    return cwd / present[0], present[0], shadowed


def _text(path: Path, name: str) -> str:
    """The file's text. Raises ConfigError for one that cannot be read."""
    try:
        if path.is_dir():
            raise ConfigError("is a folder.", remedy=f"Name the file in it, such as {name}/podium.yaml.", where=name)
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError as exc:
        raise ConfigError(
            "there is no such file.", remedy="Check the name, or write one with `podium init`.", where=name
        ) from exc
    except (OSError, ValueError) as exc:  # ValueError: a name with a NUL in it
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise ConfigError(
            f"cannot be read: {reason}.", remedy="Check its permissions and who owns it.", where=name
        ) from exc
    if len(data) > LARGEST_FILE:
        raise ConfigError(f"is larger than {LARGEST_FILE // 1_000_000} MB.", remedy="Is it the right file?", where=name)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise ConfigError(
            "is not UTF-8 text.", remedy="Save it with the encoding UTF-8.", where=f"{name}:{line}"
        ) from exc
