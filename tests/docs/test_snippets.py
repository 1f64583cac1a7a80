"""Every snippet of the documents does what it says: run as it stands, against simulated vendors."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import yaml

from podium.core.settings import Settings
from podium.surface.config import read_settings
from podium.testing import SimModel, SimServer, SimVendor

sys.path.insert(0, str(Path(__file__).parent))
from snippets import ROOT, Snippet, languages, snippets

KNOWN = {"python", "sh", "yaml", "json", "toml", "text", "console"}
PORT = "127.0.0.1:4000"


def by_place(found: list[Snippet]) -> list[object]:
    return [pytest.param(snippet, id=snippet.place) for snippet in found]


def test_every_fence_names_its_language() -> None:
    assert not {language: place for language, place in languages().items() if language not in KNOWN}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a podium.yaml that points at a simulated vendor: what a reader's own keys would do."""
    folder = tmp_path_factory.mktemp("reader")
    model = SimModel(name="small", price_in=Decimal(1), price_out=Decimal(2))
    vendor = SimVendor(name="sim", models=(model,), time_scale=0)
    with SimServer(vendor) as server:
        settings = Settings(
            providers={"sim": vendor.settings(server.base_url)},
            models={"sim/small": model.settings()},
            store=f"sqlite:///{folder}/podium.db",
        )
        (folder / "podium.yaml").write_text(yaml.safe_dump(msgspec.to_builtins(settings)), encoding="utf-8")
        yield folder


@pytest.fixture(scope="module")
def environ() -> dict[str, str]:
    bin_folder = str(Path(sys.executable).parent)
    kept = {"HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8", "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    return {**kept, "PODIUM_DISCOVER": "0"}


@pytest.fixture(scope="module")
def gateway(home: Path, environ: dict[str, str]) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "podium", "up", "--port", address.rpartition(":")[2]]
    process = subprocess.Popen(command, cwd=home, env=environ, stderr=subprocess.PIPE)
    try:
        wait_until_ready(address, process)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=15)
    assert process.returncode == 0, said


def wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{address}/readyz", timeout=1) as response:
                assert response.status == 200
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the gateway did not get ready: {process.returncode}")


@pytest.mark.parametrize("snippet", by_place(snippets("python")))
def test_python(snippet: Snippet, home: Path, environ: dict[str, str], gateway: str) -> None:
    code = snippet.code.replace(PORT, gateway)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=home, env=environ, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stderr
    if "print(" in code:
        assert done.stdout.strip()


@pytest.mark.parametrize("snippet", by_place(snippets("sh")))
def test_shell(snippet: Snippet, home: Path, environ: dict[str, str], gateway: str) -> None:
    env = dict(environ)
    for line in snippet.code.replace(PORT, gateway).splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        run_line(words, home, env, gateway)


def run_line(words: list[str], home: Path, env: dict[str, str], gateway: str) -> None:
    """Run one line, or, where running it would set up a machine or never end, the nearest thing that proves it."""
    if words[0] == "export":
        assert re.fullmatch(r"[A-Z_]+=.+", words[1]), words
        return  # a reader's key; the simulated vendor needs none
    if words[:2] == ["pip", "install"]:
        target = words[2].partition("[")[2].rstrip("]'\"")
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        assert not target or target in project["optional-dependencies"], words
        return
    if words[0] == "make":
        command = ["make", "-n", "-C", str(ROOT), *words[1:]]
    elif words[:2] == ["podium", "up"]:
        with urllib.request.urlopen(f"http://{gateway}/healthz", timeout=5) as response:
            assert response.status == 200  # the module's gateway is this very command
        return
    elif words[0] == "bash":
        command = ["bash", "-n", str(ROOT / words[1])]
    elif words[:2] == ["podium", "demo"]:
        command = ["podium", "demo", "--help"]  # tests/acceptance runs it
    elif words[0] == "python" and words[1].startswith("benchmarks/"):
        command = [sys.executable, str(ROOT / words[1]), "--help"]
    else:
        assert words[0] in {"podium", "curl"}, f"say how to prove {words}"
        command = words
    done = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, (command, done.stdout, done.stderr)


@pytest.mark.parametrize("snippet", by_place(snippets("yaml")))
def test_yaml_is_a_valid_configuration(snippet: Snippet) -> None:
    text = snippet.code
    if "providers:" not in text and "models:" in text:
        text = "providers: {openai: {}, anthropic: {}, google: {}, ollama: {}}\n" + text
    named = re.findall(r"\$\{(\w+)\}", text)
    read_settings(text, name=snippet.place, environ=dict.fromkeys(named, "4000"))


def test_json_is_json() -> None:
    for snippet in snippets("json"):
        assert msgspec.json.decode(snippet.code) is not None, snippet.place


LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize(
    "document",
    ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *[f"docs/{p.name}" for p in sorted((ROOT / "docs").glob("*.md"))]],
)
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    missing = [link for link in LINK.findall(path.read_text("utf-8")) if not (path.parent / link).exists()]
    assert not missing
