"""The report as one page of HTML that needs nothing else: no network, no fonts, no server.

It can be read without scripts and printed. Scripts sort, filter, and show what is more than a page
can hold at once. A content security policy lets nothing in: the one style and the one script are
named by their hashes, and all else is forbidden, whatever names a capture holds.
"""

from pmiptrace.report.html.packets import PacketStore
from pmiptrace.report.html.page import HtmlOptions, render

__all__ = ["HtmlOptions", "PacketStore", "render"]
