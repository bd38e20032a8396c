"""What becomes of events when the program ends, is reported to end, or forks."""

import os
import signal
import subprocess
import sys
import textwrap
import unittest

from support import Case, refs


class ExitTest(Case):
    @unittest.skipUnless(hasattr(os, "fork"), "no fork here")
    def test_a_child_process_leaves_the_spool_alone(self):
        script = f"""
            import os, openclone
            client = openclone.Client(**{self.options(self.service(), on_error=None, on_rejected=None, state_dir=str(self.state))!r})
            client.send({{}})
            child = os.fork()
            if child == 0:
                try:
                    client.send({{}})
                except openclone.Closed:
                    os._exit(7)
                os._exit(1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
            client.close()
        """
        subprocess.run([sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)], check=True, timeout=30)

    def test_a_program_that_ends_sends_what_is_queued(self):
        service = self.service()
        script = f"""
            import openclone
            client = openclone.Client(**{self.options(service, on_error=None, on_rejected=None, state_dir=str(self.state))!r})
            client.send({{}}, raw_ref="last words")
        """
        subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, timeout=30)
        self.assertEqual([refs(batch) for batch in service.batches], [["last words"]])

    @unittest.skipIf(os.name == "nt", "no SIGTERM here")
    def test_sigterm_flushes_and_ends_the_program_as_it_would_have(self):
        service = self.service()
        script = f"""
            import time, openclone
            client = openclone.Client(**{self.options(service, on_error=None, on_rejected=None, state_dir=str(self.state))!r})
            client.send({{}}, raw_ref="last words")
            print("sent", flush=True)
            time.sleep(30)
        """
        with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE) as program:
            program.stdout.readline()
            program.terminate()
            self.assertEqual(program.wait(timeout=20), -signal.SIGTERM)
        self.assertEqual([refs(batch) for batch in service.batches], [["last words"]])


if __name__ == "__main__":
    unittest.main()
