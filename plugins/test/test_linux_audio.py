"""openclone-linux-audio and -mic against headless PulseAudio and PipeWire, two players, a real model and the real service."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import left_out, wait_for
from sounds import silence, speech, write_wav

# Words of each recording that the other one does not have.
ALLOWED_WORDS = ("tried", "fail")
BLOCKED_WORDS = ("wisdom", "incredulity", "despair", "epoch")


class SoundServer:
    """A sound server with one null sink, and players."""

    def __init__(self, kind, children, user):
        self._children = children
        self._user = user
        {"pulseaudio": self._pulseaudio, "pipewire": self._pipewire}[kind]()
        wait_for(lambda: b"speakers" in self._pactl("list", "short", "sinks"), what="the sink")

    def play(self, client, path):
        return self._children.start("paplay", f"--client-name={client}", str(path))

    def sink_inputs(self):
        return json.loads(self._pactl("--format=json", "list", "sink-inputs") or b"[]")

    def restart_is_not_needed_to(self, unload):
        self._pactl("unload-module", unload)

    def _pulseaudio(self):
        if not shutil.which("pulseaudio"):
            left_out("pulseaudio")
        self._children.start(
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes",
            "-L", "module-native-protocol-unix", "-L", "module-null-sink sink_name=speakers rate=48000 channels=2",
        )
        wait_for(lambda: self._pactl("info"), what="PulseAudio's start")

    def _pipewire(self):
        for tool in ("pipewire", "wireplumber", "pipewire-pulse", "dbus-daemon"):
            if not shutil.which(tool):
                left_out(tool)
        address = f"unix:path={self._user / 'run' / 'bus'}"
        self._children.start("dbus-daemon", "--session", "--nofork", f"--address={address}")
        wait_for((self._user / "run" / "bus").exists, what="the session bus")
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = address
        self._children.start("pipewire")
        wait_for((self._user / "run" / "pipewire-0").exists, what="PipeWire's start")
        self._children.start("wireplumber")
        self._children.start("pipewire-pulse")
        wait_for(lambda: self._pactl("info"), what="PipeWire's PulseAudio server")
        self._pactl("load-module", "module-null-sink", "sink_name=speakers", "media.class=Audio/Sink", "rate=48000", "channels=2")
        wait_for(lambda: b"speakers" in self._pactl("list", "short", "sinks"), what="the sink")
        self._pactl("set-default-sink", "speakers")

    @staticmethod
    def _pactl(*arguments):
        return subprocess.run(["pactl", *arguments], capture_output=True, timeout=10, check=False).stdout


@pytest.fixture(params=["pulseaudio", "pipewire"])
def server(request, children, user, monkeypatch):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "")
    return SoundServer(request.param, children, user)


@pytest.fixture
def pulseaudio(children, user):
    return SoundServer("pulseaudio", children, user)


@pytest.fixture
def recordings(tmp_path):
    allowed, blocked = tmp_path / "allowed.wav", tmp_path / "blocked.wav"
    write_wav(allowed, silence(4) + speech("beckett") + silence(2))
    write_wav(blocked, speech("two_cities"))
    return allowed, blocked


def start(children, module, directory, model, *arguments):
    return children.start(
        sys.executable, "-m", f"openclone_audio.{module}", "--plugin", str(directory), "--model", str(model), *arguments, name=module
    )


def stop(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def sound_files(user):
    return [path for path in (user / "run").rglob("*") if path.suffix in (".pcm", ".wav", ".part")]


def test_an_allowed_app_is_heard_and_a_blocked_one_never(server, service, children, plugin, recordings, model, user):
    allowed, blocked = recordings
    running = start(children, "linux_audio", plugin("openclone-linux-audio", language="en"), model)
    time.sleep(2)
    # The blocked player goes on long after the allowed app's stream has ended: that is when PipeWire would relink the recorder.
    music = server.play("Spotify", blocked)
    meeting = server.play("Google Meet", allowed)
    meeting.wait(60)
    time.sleep(8)
    assert music.poll() is None, "the blocked player must outlast the allowed one"
    stop(running)
    text = wait_for(lambda: service.vault("Audio"), what="an event in the vault").lower()
    assert all(word in text for word in ALLOWED_WORDS), text
    assert not any(word in text for word in BLOCKED_WORDS), text
    assert "google meet" in text and "spotify" not in text
    assert sound_files(user) == []


def test_an_app_that_becomes_blocked_leaves_nothing(pulseaudio, service, children, plugin, recordings, model, user):
    _, speech_file = recordings
    directory = plugin("openclone-linux-audio", language="en")
    running = start(children, "linux_audio", directory, model)
    time.sleep(2)
    player = pulseaudio.play("Google Meet", speech_file)
    wait_for(pulseaudio.sink_inputs, what="the stream")
    time.sleep(2)
    pause = user / "state" / "openclone" / "pause"
    pause.parent.mkdir(parents=True, exist_ok=True)
    pause.write_text("")
    time.sleep(6)
    player.terminate()
    stop(running)
    assert service.vault("Audio") == ""
    assert sound_files(user) == []


def test_each_process_may_be_killed_while_the_service_is_away(pulseaudio, service, children, plugin, recordings, model):
    allowed, _ = recordings
    directory = plugin("openclone-linux-audio", language="en")
    service.stop()
    running = start(children, "linux_audio", directory, model)
    time.sleep(2)
    pulseaudio.play("Google Meet", allowed).wait(60)
    for _ in range(2):
        workers = wait_for(lambda: pids("openclone_audio.worker", running.pid), what="a worker")
        os.kill(workers[0], signal.SIGKILL)
        time.sleep(1)
    running.kill()
    running.wait()
    service.start()
    running = start(children, "linux_audio", directory, model)
    text = wait_for(lambda: service.vault("Audio"), 60, "an event in the vault").lower()
    stop(running)
    text = service.vault("Audio").lower()
    assert all(word in text for word in ALLOWED_WORDS), text
    assert text.count("ever tried") <= 1, "an event is there twice"


def test_silence_makes_no_event(pulseaudio, service, children, plugin, model, tmp_path):
    quiet = tmp_path / "quiet.wav"
    write_wav(quiet, silence(20))
    running = start(children, "linux_audio", plugin("openclone-linux-audio"), model)
    time.sleep(2)
    pulseaudio.play("Google Meet", quiet).wait(60)
    stop(running)
    assert service.vault("Audio") == ""


def test_the_microphone_is_silent_without_consent(children, plugin, model, user):
    running = start(children, "mic", plugin("openclone-linux-mic"), model)
    assert running.wait(30) == 3
    assert "needs your consent" in (user / "logs" / "mic.log").read_text()


def test_push_to_talk_records_between_two_toggles(pulseaudio, service, children, plugin, recordings, model, user):
    allowed, blocked = recordings
    directory = plugin("openclone-linux-mic", language="en", device="speakers.monitor")
    consent = user / "state" / "openclone" / "consent" / "openclone-linux-mic.json"
    consent.parent.mkdir(parents=True)
    consent.write_text(json.dumps({"sensitivity": "HIGH", "version": "0.1.0"}))
    running = start(children, "mic", directory, model)
    wait_for((user / "run" / "openclone-audio" / "mic.pid").exists, what="the program's start")
    time.sleep(1)
    before = pulseaudio.play("anyone", blocked)
    time.sleep(4)
    before.terminate()
    assert start(children, "mic", directory, model, "--toggle").wait(30) == 0
    wait_for(lambda: pids("parec", None), what="the recorder")
    pulseaudio.play("anyone", allowed).wait(60)
    assert start(children, "mic", directory, model, "--toggle").wait(30) == 0
    wait_for(lambda: not pids("parec", None), what="the recorder's end")
    after = pulseaudio.play("anyone", blocked)
    time.sleep(3)
    after.terminate()
    stop(running)
    text = service.vault("Audio").lower()
    assert all(word in text for word in ALLOWED_WORDS), text
    assert not any(word in text for word in BLOCKED_WORDS), text


def pids(word, parent):
    """Processes of this test whose command line has a word, below `parent` if one is given."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                status = (entry / "status").read_text()
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            is_ours = f"XDG_RUNTIME_DIR={os.environ['XDG_RUNTIME_DIR']}\0".encode() in environment
            is_child = parent is None or f"PPid:\t{parent}\n" in status
            if is_ours and is_child and word in command and "State:\tZ" not in status:
                found.append(int(entry.name))
    return found
