"""The examples of all rules: every module `examples_*` of this folder adds its own to the table."""

from importlib import import_module
from pathlib import Path

from rule_examples import EXAMPLES

for module in sorted(Path(__file__).parent.glob("examples_*.py")):
    import_module(module.stem)

__all__ = ["EXAMPLES"]
