"""Options of RFC 4866 (Enhanced Route Optimization for Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.layout import Octets, Rest
from pmiptrace.wire.option import at_least, exactly, mobility_option


@mobility_option(
    11, "CGA Parameters Request", "RFC 4866 section 5.6", length=exactly(0), messages=("BU",)
)
class CgaParametersRequest(Option, frozen=True, kw_only=True):
    """A request for the other side's CGA parameters and signature.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """


@mobility_option(
    12, "CGA Parameters", "RFC 4866 section 5.1", length=at_least(0), messages=("BU", "BA")
)
class CgaParameters(Option, frozen=True, kw_only=True):
    """A piece, of 255 octets except the last, of the CGA Parameters of RFC 3972.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        :                          CGA Parameters                       :
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    cga_parameters: Annotated[bytes, Rest("CGA Parameters")] = b""


@mobility_option(13, "Signature", "RFC 4866 section 5.2", length=at_least(0), messages=("BU", "BA"))
class Signature(Option, frozen=True, kw_only=True):
    """A signature by the key that the home address was made from.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        :                            Signature                          :
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    signature: Annotated[bytes, Rest("Signature")] = b""


@mobility_option(
    14, "Permanent Home Keygen Token", "RFC 4866 section 5.3", length=at_least(0), messages=("BA",)
)
class PermanentHomeKeygenToken(Option, frozen=True, kw_only=True):
    """A token that takes the place of further home address tests, encrypted.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        :                  Permanent Home Keygen Token                  :
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    token: Annotated[bytes, Rest("Permanent Home Keygen Token")] = b""


@mobility_option(
    15, "Care-of Test Init", "RFC 4866 section 5.4", length=exactly(0), messages=("BU",)
)
class CareOfTestInitOption(Option, frozen=True, kw_only=True):
    """A request for a care-of keygen token within a Binding Update.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """


@mobility_option(16, "Care-of Test", "RFC 4866 section 5.5", length=exactly(8), messages=("BA",))
class CareOfTestOption(Option, frozen=True, kw_only=True):
    """The care-of keygen token that was asked for.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                   Care-of Keygen Token (64)                   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    care_of_keygen_token: Annotated[bytes, Octets(8, "Care-of Keygen Token", "hex")]
