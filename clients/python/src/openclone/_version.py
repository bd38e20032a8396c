"""The version of this package."""

import sys

__version__ = "0.1.0"
USER_AGENT = f"openclone-python/{__version__} (Python {sys.version.split()[0]}; {sys.platform})"
"""What every connection says that it is."""
