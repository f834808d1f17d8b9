"""The full-screen view: mobile nodes, the call flow of one, a message of that with its octets.

What it shows is made by modules that know no terminal (`book`, `nodes`, `flow`, `advice`); the
others draw it with textual, and nothing else in this package imports that.
"""
