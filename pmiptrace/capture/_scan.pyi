from pmiptrace.capture.candidates import Buffer
from pmiptrace.capture.scan import Hit, Shape

def examine(buffer: Buffer, start: int, end: int, link_type: int, /) -> int: ...
def scan_pcap(
    buffer: Buffer,
    position: int,
    end: int,
    big_endian: bool,
    every: bool,
    number: int,
    esp: int,
    last: int,
    hits: list[Hit],
    header: int,
    limit: int,
    magic: int,
    link_type: int,
    /,
) -> tuple[int, int, int, int, int]: ...
def scan_pcapng(
    buffer: Buffer,
    position: int,
    end: int,
    big_endian: bool,
    every: bool,
    number: int,
    esp: int,
    last: int,
    hits: list[Hit],
    interfaces: list[Shape],
    /,
) -> tuple[int, int, int, int, int]: ...
