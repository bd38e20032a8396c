"""What a plugin author gets: the installed package, and the README's plugin against the real service.

`OPENCLONE_BINARY` names the service's command; without it the plugin is not run, which is said.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import openclone

README = pathlib.Path(__file__).parents[1] / "README.md"
BINARY = os.environ.get("OPENCLONE_BINARY")


def wait_for(found, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if value := found():
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited for {found.__name__} in vain")


class PackageTest(unittest.TestCase):
    def test_it_is_installed_with_types_and_stubs(self):
        package = pathlib.Path(openclone.__file__).parent
        self.assertIn("site-packages", package.parts)
        for name in ("py.typed", "v1/batch_pb2.pyi", "v1/ingest_service_pb2_grpc.py", "v1/registry_service_pb2.py"):
            self.assertTrue((package / name).is_file(), name)

    def test_all_public_names_are_documented(self):
        for name in openclone.__all__:
            self.assertTrue(hasattr(openclone, name), name)
        for made in (openclone.Client, openclone.AsyncClient):
            calls = {name: getattr(made, name) for name in dir(made) if not name.startswith("_")}
            self.assertEqual([name for name, call in calls.items() if not call.__doc__], [])


@unittest.skipUnless(BINARY, "the README's plugin is not run: OPENCLONE_BINARY does not name a service")
class ReadmeTest(unittest.TestCase):
    def test_the_plugin_sends_each_line_once(self):
        with tempfile.TemporaryDirectory() as directory:
            self.home = pathlib.Path(directory)
            (plugin,) = [code for code in re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL) if "inbox" in code]
            (self.home / "plugin.py").write_text(plugin, "utf-8")
            inbox = self.home / "inbox.txt"
            inbox.write_text("first thought\n\nsecond thought\nnot complete", "utf-8")
            serve = [BINARY, "serve", "--home", directory, "--listen", "127.0.0.1:0"]
            with (self.home / "log").open("wb") as log, subprocess.Popen(serve, stdout=log, stderr=log, env=clean()) as service:
                try:
                    self.play(service, inbox)
                finally:
                    service.terminate()
                    service.wait(timeout=20)

    def play(self, service, inbox):
        url = wait_for(lambda: re.search(r"listening on (http://\S+)", (self.home / "log").read_text("utf-8")), service)[1]
        key = re.search(r"API_KEY=(\S+)", (self.home / ".env").read_text("utf-8"))[1]
        environment = clean() | {"OPENCLONE_ENDPOINT": url, "API_KEY": key, "OPENCLONE_STATE": str(self.home / "state")}
        for expected in (["first thought", "second thought"], ["first thought", "second thought", "not complete yet"]):
            with subprocess.Popen([sys.executable, self.home / "plugin.py", inbox], env=environment) as plugin:
                wait_for(self.segments, plugin)
                plugin.terminate()
                self.assertEqual(plugin.wait(timeout=30), -signal.SIGTERM)
            self.assertEqual(self.thoughts(), expected)
            with inbox.open("a", encoding="utf-8") as file:
                file.write(" yet\n")

    def segments(self):
        # The header alone is about 100 bytes; the plugin writes its lines in one go.
        return [path for path in (self.home / "state" / "spool").glob("*.seg") if path.stat().st_size > 250]

    def thoughts(self):
        text = "".join(path.read_text("utf-8") for path in sorted((self.home / "vault").rglob("*.md")))
        return re.findall(r"(first thought|second thought|not complete yet)", text)


@unittest.skipUnless(BINARY, "the scaffold is not tried: OPENCLONE_BINARY does not name a service")
class ScaffoldTest(unittest.TestCase):
    def test_a_new_plugin_passes_its_own_test_and_that_of_the_command(self):
        for source_type in ("braindump", "email"):
            with tempfile.TemporaryDirectory() as directory:
                environment = clean() | {"XDG_STATE_HOME": directory, "PYTHONDONTWRITEBYTECODE": "1"}
                new = [BINARY, "plugins", "new", "my-plugin", "--lang", "python", "--source-type", source_type, "--dir", directory]
                subprocess.run(new, check=True, env=environment, stdout=subprocess.DEVNULL)
                plugin = pathlib.Path(directory, "my-plugin")
                own = [sys.executable, "-m", "unittest", "-q"]
                subprocess.run(own, check=True, env=environment, cwd=plugin, stderr=subprocess.DEVNULL)
                # install.sh would make an environment like this one.
                manifest = (plugin / "plugin.json").read_text("utf-8").replace(".venv/bin/python", sys.executable)
                (plugin / "plugin.json").write_text(manifest, "utf-8")
                test = [BINARY, "plugins", "test", str(plugin), "--seconds", "2"]
                tested = subprocess.run(test, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                self.assertEqual((tested.returncode, tested.stdout.count(b"ok  ")), (0, 7), tested.stdout.decode())


def clean():
    return {name: value for name, value in os.environ.items() if not name.startswith("OPENCLONE_") and name != "API_KEY"}


if __name__ == "__main__":
    unittest.main()
