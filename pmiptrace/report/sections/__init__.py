"""The parts of the text report, in the order of the page. Each module writes one."""
