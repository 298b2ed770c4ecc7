"""``python -m pytestgen_hook`` is the same as the command ``pytestgen``."""

from pytestgen_hook.cli import pytestgen

if __name__ == "__main__":
    pytestgen()
