"""Tests {{name}} with a service in memory."""

import unittest

from openclone import Client
from openclone.testing import MemoryTransport

import plugin


class PluginTest(unittest.TestCase):
    def test_what_is_captured_is_stored_once(self) -> None:
        memory = MemoryTransport()
        with Client.from_manifest(transport=memory) as client:
            plugin.run_once(client)
            plugin.run_once(client)
        self.assertEqual([event.raw_ref for event in memory.events], ["hello-1"])
        self.assertEqual(memory.events[0].source_type, "{{source_type}}")


if __name__ == "__main__":
    unittest.main()
