"""Pause, consent, settings and the gate: what decides whether anything is captured at all."""

import json
import math
import os
import time
from pathlib import Path

import pytest
from openclone_rules import Rules

from openclone_audio import consent, pause
from openclone_audio.linux_audio import Gate
from openclone_audio.pulse import Source
from openclone_audio.settings import Manifest, Settings, SettingsError

PLUGINS = Path(__file__).parents[3]


def settings(**values):
    defaults = {"mode": "blocklist", "allowlist": [], "blocklist": [], "music_players": False, "browsers": False}
    return Settings({**defaults, **values})


def source(*names, media=""):
    return Source(1, names[0] if names else "", names, media, False)


@pytest.mark.parametrize(
    ("values", "names", "media", "is_allowed"),
    [
        ({}, ["Google Meet"], "", True),
        ({}, ["Spotify"], "", False),
        ({"music_players": True}, ["Spotify"], "", True),
        ({}, ["Firefox", "firefox-esr"], "", False),
        ({"browsers": True}, ["Firefox", "firefox-esr"], "Call", True),
        ({"browsers": True}, ["Firefox"], "Call - Private Browsing", False),
        ({"browsers": True}, ["Chromium"], "OpenClone console", False),
        ({"blocklist": ["google meet"]}, ["Google Meet"], "", False),
        ({"mode": "allowlist"}, ["Google Meet"], "", False),
        ({"mode": "allowlist", "allowlist": ["zoom"]}, ["ZOOM VoiceEngine", "zoom"], "", True),
        ({"mode": "allowlist", "allowlist": ["KeePassXC"]}, ["KeePassXC"], "", False),
        ({"allowlist": ["x"], "blocklist": ["x"]}, ["x"], "", False),
        ({}, [], "", False),
        ({}, ["OpenClone"], "", False),
    ],
)
def test_gate(values, names, media, is_allowed):
    assert Gate(Rules.load(), settings(**values)).is_allowed(source(*names, media=media)) == is_allowed


def write_pause(text):
    path = pause.pause_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_pause_holds_until_its_time_or_its_removal():
    now = time.time()
    assert pause.current(now) is None
    path = write_pause(f"{now + 60}\n")
    assert pause.current(now) is not None
    assert pause.current(now + 61) is None
    path.write_text("")
    assert pause.current(now + 10**9).end == math.inf
    path.unlink()
    assert pause.current(now) is None


def test_a_pause_that_cannot_be_understood_is_a_pause():
    write_pause("until tomorrow")
    assert pause.current(time.time()) is not None


def test_a_clock_set_back_does_not_hide_a_pause():
    path = write_pause("")
    os.utime(path, (time.time() + 3600, time.time() + 3600))
    held = pause.current(time.time())
    assert held is not None and held.overlaps(time.time(), time.time() + 1)


def test_consent_holds_for_the_sensitivity_and_version_it_was_given_to(monkeypatch):
    manifest = Manifest.read(PLUGINS / "openclone-linux-mic")
    assert not consent.is_given(manifest)
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert not consent.ask(manifest) and not consent.is_given(manifest)
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    assert consent.ask(manifest) and consent.is_given(manifest)
    path = consent.consent_file(manifest.plugin_id)
    assert path.stat().st_mode & 0o077 == 0
    given = json.loads(path.read_text())
    path.write_text(json.dumps({**given, "version": "9.0.0"}))
    assert not consent.is_given(manifest)
    path.write_text(json.dumps({**given, "sensitivity": "MEDIUM"}))
    assert not consent.is_given(manifest)


def test_low_types_need_no_consent():
    assert consent.is_given(Manifest.read(PLUGINS / "openclone-voice-journal"))


@pytest.mark.parametrize("plugin", ["linux-audio", "linux-mic", "voice-journal"])
def test_plugins_are_off_as_shipped_and_every_setting_is_known(plugin):
    directory = PLUGINS / f"openclone-{plugin}"
    manifest = Manifest.read(directory)
    assert Settings.read(directory, manifest.schema)["openclone.enabled"] is False


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("openclone.enabled", "write `name = value`"),
        ("colour = red", "unknown setting colour"),
        ("openclone.enabled = maybe", "must be of type boolean"),
        ("browsers = 1", "must be of type boolean"),
        ("allowlist = zoom", "must be of type array"),
    ],
)
def test_a_wrong_setting_is_an_error_with_its_line(tmp_path, text, problem):
    (tmp_path / "openclone.conf").write_text(f"# first line\n{text}\n")
    schema = Manifest.read(PLUGINS / "openclone-linux-audio").schema
    with pytest.raises(SettingsError, match=problem) as error:
        Settings.read(tmp_path, schema)
    assert "openclone.conf:2" in str(error.value)


def test_settings_accept_a_byte_order_mark(tmp_path):
    (tmp_path / "openclone.conf").write_bytes(b"\xef\xbb\xbfopenclone.enabled = true\n")
    schema = Manifest.read(PLUGINS / "openclone-linux-audio").schema
    assert Settings.read(tmp_path, schema)["openclone.enabled"] is True
