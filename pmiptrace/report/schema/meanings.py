"""What the fields of a class mean: the string that stands beneath each.

Python forgets these strings, so they are read from the source.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, get_args, get_type_hints

from msgspec import Struct
from msgspec.structs import fields


def explain(described: Any, components: dict[str, Any]) -> None:
    """Add what fields mean to the schemas of the classes that a type is made of.

    `components` are by the name of the class. What the type of a field says stays behind that.
    """
    for cls in set(_classes(described, set())):
        properties = components[cls.__name__]["properties"]
        for name, text in _meanings(cls).items():
            known = properties[name]
            said = known.pop("description", "")
            properties[name] = {"description": f"{text} {said}".rstrip(), **known}


def _classes(described: Any, seen: set[Any]) -> Iterator[type[Struct]]:
    """Give the classes that a type is made of."""
    if described in seen:
        return
    seen.add(described)
    inner = get_args(described)
    if isinstance(described, type) and issubclass(described, Struct):
        yield described
        inner = tuple(get_type_hints(described).values())
    for each in inner:
        yield from _classes(each, seen)


def _meanings(cls: type[Struct]) -> dict[str, str]:
    """Give what is written of the fields of a class and of those it inherits, by name in JSON."""
    texts: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base is not Struct and issubclass(base, Struct):
            texts |= _written(base.__module__).get(base.__name__, {})
    tag = cls.__struct_config__.tag_field
    found = {} if tag is None else {tag: "What the object is."}
    return found | {f.encode_name: texts[f.name] for f in fields(cls) if f.name in texts}


@cache
def _written(module: str) -> Mapping[str, Mapping[str, str]]:
    """Give the strings beneath the fields of the classes of a module, by class and field."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(sys.modules[module])).body:
        if isinstance(node, ast.ClassDef):
            texts = found[node.name] = {}
            for above, below in pairwise(node.body):
                match above, below:
                    case (
                        ast.AnnAssign(target=ast.Name(id=field)),
                        ast.Expr(value=ast.Constant(value=str(text))),
                    ):
                        texts[field] = " ".join(text.split())
    return found
