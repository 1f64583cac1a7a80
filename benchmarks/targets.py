"""The gateways that are compared: how each is prepared, started and addressed.

Each runs as one worker with the settings its own documentation gives for production, without a database of its own
(Podium's ledger excepted: it is on, in SQLite) and without request logging.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import peers
from servers import Command

HERE = Path(__file__).parent
REPOSITORY = HERE.parent
CHAT_PATH = "/v1/chat/completions"
MODEL = "static-model"
# Portkey's gateway fails on streams with newer versions of this library: github.com/Portkey-AI/gateway/issues/1389
PORTKEY_OVERRIDES = {"@hono/node-server": "1.14.0"}


@dataclass(frozen=True, slots=True)
class Site:
    """Where one target runs: its port, the upstream's port and a folder of its own."""

    port: int
    upstream: int
    workdir: Path


def _no_headers(_site: Site) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Target:
    """One gateway. ``prepare`` installs what is missing and returns the version; ``command`` says how to start it.

    A peer that cannot be installed or started is skipped; for a target that is ``required`` that is a failed run.
    """

    name: str
    prepare: Callable[[], str]
    command: Callable[[Site], Command]
    model: str = MODEL
    headers: Callable[[Site], Mapping[str, str]] = field(default=_no_headers)
    required: bool = False


def _prepare_podium() -> str:
    return peers.checkout_version(REPOSITORY)


def _podium(site: Site) -> Command:
    """Podium as ``podium up`` starts it: profile, rules, ledger and metrics on, no authentication configured."""
    config = site.workdir / "podium.yaml"
    config.write_text(f"""\
providers:
  static: {{preset: openai-compatible, base_url: http://127.0.0.1:{site.upstream}/v1, locality: local}}
models:
  static/{MODEL}: {{tier: 1, context: 128000, price: {{input: 0.1, output: 0.4}}}}
store: sqlite:///{site.workdir}/podium.db
""")
    argv = [sys.executable, "-m", "podium", "up", "--host", "127.0.0.1", "--port", str(site.port)]
    environment = {"PODIUM_DISCOVER": "0", "PYTHONPATH": str(REPOSITORY / "src")}
    return Command([*argv, "--config", str(config)], environment, "/readyz")


def _prepare_litellm() -> str:
    python = peers.virtual_environment("litellm", "litellm[proxy]") / "python"
    versions = peers.python_package_versions(python, ["litellm", "uvicorn"])
    return f"{versions['litellm']} (uvicorn {versions['uvicorn']})"


def _litellm(site: Site) -> Command:
    """LiteLLM's proxy with one model and its defaults; only its errors are logged, as it advises for production.

    No target checks keys here. LiteLLM starts without one only when told so, on loopback as everything else.
    """
    config = site.workdir / "litellm.yaml"
    config.write_text(f"""\
model_list:
  - model_name: {MODEL}
    litellm_params:
      model: openai/{MODEL}
      api_base: http://127.0.0.1:{site.upstream}/v1
      api_key: unused
""")
    program = peers.FOLDER / "litellm" / "bin" / "litellm"
    argv = [str(program), "--host", "127.0.0.1", "--port", str(site.port), "--num_workers", "1"]
    environment = {
        "LITELLM_LOG": "ERROR",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
    }
    return Command([*argv, "--config", str(config)], environment, "/health/liveliness", start_seconds=120)


def _prepare_portkey() -> str:
    node = peers.tool("node", "nodejs")
    package = peers.npm_package("portkey", "@portkey-ai/gateway", PORTKEY_OVERRIDES)
    version = json.loads((package / "package.json").read_text())["version"]
    return f"{version} (node {peers.tool_version(node, '--version')})"


def _portkey(site: Site) -> Command:
    """Portkey's gateway without its console and the request log that feeds it."""
    script = peers.FOLDER / "portkey" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    argv = [peers.tool("node", "nodejs"), str(script), f"--port={site.port}", "--headless"]
    return Command(argv, {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1"}, "/")


def _portkey_headers(site: Site) -> Mapping[str, str]:
    return {
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"http://127.0.0.1:{site.upstream}/v1",
        "Authorization": "Bearer unused",
    }


def _prepare_relay() -> str:
    versions = peers.python_package_versions(sys.executable, ["uvicorn", "httptools", "uvloop", "pyreqwest"])
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _relay(site: Site) -> Command:
    """The floor for a gateway in Python: ``floors/relay.py``."""
    argv = [sys.executable, "-m", "uvicorn", "relay:app", "--app-dir", str(HERE / "floors")]
    argv += ["--host", "127.0.0.1", "--port", str(site.port), "--loop", "uvloop", "--http", "httptools"]
    argv += ["--lifespan", "off", "--no-access-log", "--log-level", "warning"]
    return Command(argv, {"RELAY_UPSTREAM": f"http://127.0.0.1:{site.upstream}"}, "/v1/models")


def _prepare_nginx() -> str:
    return peers.tool_version(peers.tool("nginx", "nginx"), "-v").partition("/")[2]


def _nginx(site: Site) -> Command:
    """The floor for any gateway: nginx in one process, passing requests on over connections it keeps."""
    config = site.workdir / "nginx.conf"
    folders = "".join(
        f"    {kind}_temp_path {site.workdir}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config.write_text(f"""\
daemon off;
master_process off;
pid {site.workdir}/nginx.pid;
error_log {site.workdir}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
{folders}\
    keepalive_requests 1000000000;
    upstream static {{
        server 127.0.0.1:{site.upstream};
        keepalive 64;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{site.port};
        location / {{
            proxy_pass http://static;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
""")
    return Command([peers.tool("nginx", "nginx"), "-p", str(site.workdir), "-c", str(config)], {}, "/v1/models")


TARGETS = {
    target.name: target
    for target in (
        Target("podium", _prepare_podium, _podium, model="auto", required=True),
        Target("litellm", _prepare_litellm, _litellm),
        Target("portkey", _prepare_portkey, _portkey, headers=_portkey_headers),
        Target("relay", _prepare_relay, _relay),
        Target("nginx", _prepare_nginx, _nginx),
    )
}
