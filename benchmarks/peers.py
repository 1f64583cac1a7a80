"""Getting what the targets need: their own virtual environment or npm folder, and the tools of the machine.

Everything lands in ``benchmarks/.peers``; delete that folder to fetch the newest versions again.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from servers import Unavailable

HERE = Path(__file__).parent
FOLDER = HERE / ".peers"
INSTALL_SECONDS = 900


def _run(argv: Sequence[str | Path]) -> str:
    """Runs a command to its end and returns what it printed; ``Unavailable`` with its last words if it fails."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"`{' '.join(words)}` took more than {INSTALL_SECONDS} s") from error
    if done.returncode != 0:
        raise Unavailable(f"`{' '.join(words)}` failed:\n{(done.stderr or done.stdout).strip()[-1500:]}")
    return done.stdout + done.stderr


def tool(name: str, package: str) -> str:
    """The path of a program of the machine, or ``Unavailable`` with the command that installs it."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        raise Unavailable(f"`{name}` is not installed; on Debian or Ubuntu: apt-get install {package}")
    return path


def tool_version(path: str, flag: str) -> str:
    """The first line a program prints about its version (``wrk -v`` ends with an error code, so none is checked)."""
    done = subprocess.run([path, flag], capture_output=True, text=True, timeout=30, check=False)
    return (done.stdout + done.stderr).strip().splitlines()[0]


def python_package_versions(python: str | Path, names: Sequence[str]) -> dict[str, str]:
    """The installed versions of packages in an interpreter's environment; ``Unavailable`` if one is missing."""
    code = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    found: dict[str, str] = json.loads(_run([python, "-c", code, *names]))
    return found


def checkout_version(repository: Path) -> str:
    """Podium's version in this checkout and, where git knows it, the commit; ``Unavailable`` if it does not import."""
    source = repository / "src"
    code = f"import sys; sys.path.insert(0, {str(source)!r}); import podium; print(podium.__version__)"
    version = _run([sys.executable, "-c", code]).strip()
    if shutil.which("git") is None or not (repository / ".git").exists():
        return version
    commit = _run(["git", "--no-optional-locks", "-C", repository, "describe", "--always", "--dirty"]).strip()
    return f"{version} ({commit})"


def virtual_environment(folder: str, *requirements: str) -> Path:
    """A virtual environment with the requirements installed; returns its ``bin`` folder."""
    root = FOLDER / folder
    installed = root / "installed"
    wanted = " ".join(requirements)
    if not installed.exists() or installed.read_text() != wanted:
        print(f"installing {wanted} into {root} ...", file=sys.stderr, flush=True)
        _run([sys.executable, "-m", "venv", "--clear", root])
        _run([root / "bin" / "python", "-m", "pip", "install", "--quiet", *requirements])
        installed.write_text(wanted)
    return root / "bin"


def npm_package(folder: str, package: str, overrides: Mapping[str, str]) -> Path:
    """An npm package in its own folder, with some of its dependencies held at a version; returns its folder."""
    root = FOLDER / folder
    installed = root / "node_modules" / package
    manifest = json.dumps({"private": True, "dependencies": {package: "latest"}, "overrides": dict(overrides)})
    wanted = root / "package.json"
    if not (installed / "package.json").exists() or wanted.read_text() != manifest:
        npm = tool("npm", "npm")
        print(f"installing {package} into {root} ...", file=sys.stderr, flush=True)
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        wanted.write_text(manifest)
        _run([npm, "install", "--prefix", root, "--no-audit", "--no-fund", "--no-save"])
    return installed


def upstream_program() -> Path:
    """The static upstream, compiled when its source is newer than the program."""
    source = HERE / "upstream.c"
    program = FOLDER / "upstream"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        FOLDER.mkdir(exist_ok=True)
        _run([tool("cc", "gcc libc6-dev"), "-O2", "-o", program, source])
    return program
