"""How a header diagram becomes code: fields declared once, read and written from that declaration.

A class that stands for a wire format lists its fields in the order of the RFC's diagram, each
annotated with what it is on the wire::

    class HandoffIndicator(Option):
        reserved: Reserved8 = 0
        indicator: Annotated[int, Bits(8, "HI", HANDOFF_INDICATOR)]

`Layout.of` turns the annotations into a decoder, an encoder and the list of fields with their bit
positions, which the dissection tree and the documentation use. At most one field of variable
length, the tail, may follow the fixed ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Generic,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from msgspec import Struct

from pmiptrace.errors import EncodeError

if TYPE_CHECKING:
    from pmiptrace.wire.option import OptionRegistry

T = TypeVar("T", bound=Struct)


class Field:
    """What one field of a diagram is on the wire. Subclasses say of what width and form it is."""

    label: str


class Bits(Field):
    """An integer of `width` bits; `codes` names its values, `unit` is what one step means."""

    def __init__(
        self,
        width: int,
        label: str,
        codes: Mapping[int, str] | None = None,
        *,
        unit: str | None = None,
        signed: bool = False,
    ) -> None:
        self.width = width
        self.label = label
        self.codes = codes
        self.unit = unit
        self.signed = signed


class Flag(Bits):
    """One bit, read as a bool. `label` is the letter of the diagram, `meaning` its name."""

    def __init__(self, label: str, meaning: str) -> None:
        super().__init__(1, label)
        self.meaning = meaning


class Reserved(Bits):
    """Bits that the sender sets to zero and the receiver ignores."""

    def __init__(self, width: int) -> None:
        super().__init__(width, "Reserved")


class Octets(Field):
    """Exactly `size` octets. `form` says how they are shown: ``address``, ``hex``."""

    def __init__(self, size: int, label: str, form: str = "address") -> None:
        self.size = size
        self.label = label
        self.form = form


class Rest(Field):
    """All octets that remain.

    `form` says how they are shown: ``hex``, ``text``, ``address`` (4 or 16 octets), ``addresses``
    (16 octets each), ``identifier`` (by the value's `identity`) or ``numbers`` (16 bits each).
    """

    def __init__(self, label: str, form: str = "hex") -> None:
        self.label = label
        self.form = form


class Maybe(Field):
    """An unsigned integer of `width` bits that is there if the octets are, else None."""

    def __init__(self, width: int, label: str) -> None:
        self.width = width
        self.label = label


class SubOptions(Field):
    """Sub-options in type, length, value form, to the end of the option.

    Octets that are no whole sub-option go to `excess` of the option that holds the list.
    """

    def __init__(self, label: str, registry: OptionRegistry) -> None:
        self.label = label
        self.registry = registry


Reserved8 = Annotated[int, Reserved(8)]
Reserved16 = Annotated[int, Reserved(16)]


class Placed(Struct, frozen=True):
    """A field with its name in Python and its place in the diagram, in bits from the start."""

    name: str
    field: Field
    offset: int
    width: int | None
    """In bits; None for the tail, which takes what remains."""


class Layout(Generic[T]):
    """The decoder and encoder of one class, made from its annotated fields."""

    _cache: ClassVar[dict[type[Struct], Layout[Any]]] = {}

    def __init__(self, cls: type[T]) -> None:
        self.cls = cls
        self.fields: list[Placed] = []
        offset = 0
        for name, hint in get_type_hints(cls, include_extras=True).items():
            field = _field_of(hint)
            if field is None:
                continue
            if self.tail is not None:
                raise TypeError(f"{cls.__name__}.{name} stands behind a field of variable length")
            if isinstance(field, Bits):
                width: int | None = field.width
            elif isinstance(field, Octets):
                width = field.size * 8
            else:
                width = None
            self.fields.append(Placed(name, field, offset, width))
            offset += width or 0
        if offset % 8:
            raise TypeError(f"the fixed fields of {cls.__name__} end within an octet")
        self.size = offset // 8
        """Octets that the fixed fields take."""

    @classmethod
    def of(cls, struct: type[T]) -> Layout[T]:
        """Give the layout of a class; made once."""
        layout = cls._cache.get(struct)
        if layout is None:
            layout = cls._cache[struct] = cls(struct)
        return layout

    @property
    def tail(self) -> Placed | None:
        """The last field, if its length varies."""
        return self.fields[-1] if self.fields and self.fields[-1].width is None else None

    @cached_property
    def decode(self) -> Callable[[bytes], T]:
        """The decoder: octets, at least `size` of them, to a value.

        Octets behind a layout that knows no more are kept in `excess`, so that they can be written
        back. It is one generated expression, as `collections.namedtuple` makes its own: a loop
        over the fields takes three times as long, and this runs for every option of a message.
        """
        return self._generate(with_excess=True)

    @cached_property
    def decode_fixed(self) -> Callable[[bytes], T]:
        """The decoder that leaves alone what stands behind the fields."""
        return self._generate(with_excess=self.tail is not None)

    def _generate(self, with_excess: bool) -> Callable[[bytes], T]:
        names: dict[str, Any] = {"cls": self.cls, "from_bytes": int.from_bytes}
        arguments = []
        excess = f"data[{self.size}:]"
        for placed in self.fields:
            field, start = placed.field, placed.offset // 8
            if isinstance(field, Octets):
                value = f"data[{start}:{start + field.size}]"
            elif isinstance(field, Bits):
                value = _bits_expression(placed.offset, field)
            elif isinstance(field, Maybe):
                end = start + field.width // 8
                value = f"from_bytes(data[{start}:{end}]) if len(data) >= {end} else None"
                excess = f"data[{end}:] if len(data) >= {end} else data[{start}:]"
            elif isinstance(field, SubOptions):
                # The walrus runs before the argument behind it is evaluated.
                names["decode_list"] = field.registry.decode_list
                value = f"(pair := decode_list(data[{start}:]))[0]"
                excess = "pair[1]"
            else:
                value = f"data[{start}:]"
                excess = ""
            arguments.append(f"{placed.name}={value}")
        if excess and with_excess:
            arguments.append(f"excess={excess}")
        decoder: Callable[[bytes], T] = eval(f"lambda data: cls({', '.join(arguments)})", names)
        return decoder

    def encode(self, value: T) -> bytes:
        """Give the octets of a value.

        Raises `EncodeError` if a number does not fit its width or an address has another length.
        """
        number = 0
        tail = b""
        for placed in self.fields:
            field, content = placed.field, getattr(value, placed.name)
            if isinstance(field, Bits):
                number = number << field.width | _fit(content, field.width, field.signed, placed)
            elif isinstance(field, Octets):
                if len(content) != field.size:
                    raise EncodeError(
                        f"{placed.name} takes {field.size} octets, {len(content)} given"
                    )
                number = number << field.size * 8 | int.from_bytes(content)
            elif isinstance(field, Maybe):
                if content is not None:
                    size = field.width // 8
                    tail = _fit(content, field.width, False, placed).to_bytes(size)
            elif isinstance(field, SubOptions):
                tail = field.registry.encode(content)
            else:
                tail = content
        excess: bytes = getattr(value, "excess", b"")
        return number.to_bytes(self.size) + tail + excess

    def readable(self, data: bytes) -> Iterator[tuple[Placed, int | bytes]]:
        """Give the fields that the octets still hold, in order, when they are too few to decode."""
        for placed in self.fields:
            if placed.width is None:
                yield placed, data[placed.offset // 8 :]
                return
            end = placed.offset + placed.width
            if end > len(data) * 8:
                return
            if isinstance(placed.field, Octets):
                yield placed, data[placed.offset // 8 : end // 8]
            else:
                number = int.from_bytes(data[: (end + 7) // 8])
                number = number >> -end % 8 & (1 << placed.width) - 1
                if isinstance(placed.field, Bits) and placed.field.signed:
                    half = 1 << placed.width - 1
                    number = (number ^ half) - half
                yield placed, number


def _field_of(hint: Any) -> Field | None:
    if get_origin(hint) is not Annotated:
        return None
    return next((part for part in get_args(hint)[1:] if isinstance(part, Field)), None)


def _bits_expression(offset: int, field: Bits) -> str:
    """Give the source of an expression that takes some bits out of the octets `data`."""
    first, end = offset // 8, (offset + field.width + 7) // 8
    if end - first == 1:
        value = f"data[{first}]"
    elif end - first == 2:
        value = f"(data[{first}] << 8 | data[{first + 1}])"
    else:
        value = f"from_bytes(data[{first}:{end}])"
    below = end * 8 - offset - field.width
    if isinstance(field, Flag):
        return f"{value} & {1 << below} != 0"
    if below:
        value = f"{value} >> {below}"
    if offset % 8:
        value = f"{value} & {(1 << field.width) - 1}"
    if field.signed:
        half = 1 << field.width - 1
        value = f"(({value}) ^ {half}) - {half}"
    return value


def _fit(number: int, width: int, signed: bool, placed: Placed) -> int:
    low, high = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
    if not low <= number <= high:
        raise EncodeError(f"{placed.name} is {number}; {width} bits hold {low} to {high}")
    return number & (1 << width) - 1
