"""graph"""

__version__ = "0.1"
