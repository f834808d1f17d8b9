"""Messages of RFC 7077 (Update Notifications for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Body
from pmiptrace.wire.body import mobility_message
from pmiptrace.wire.codes import NOTIFICATION_REASON, NOTIFICATION_STATUS
from pmiptrace.wire.layout import Bits, Flag, Reserved


@mobility_message(19, "Update Notification", "UPN", "RFC 7077 section 4.1")
class UpdateNotification(Body, frozen=True, kw_only=True):
    """The LMA tells the MAG that something about a mobility session has changed.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |           Sequence #          |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |    Notification Reason        |A|D|          Reserved         |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    sequence: Annotated[int, Bits(16, "Sequence #")]
    reason: Annotated[int, Bits(16, "Notification Reason", NOTIFICATION_REASON)]
    acknowledge: Annotated[bool, Flag("A", "Acknowledgement Requested")] = False
    retransmission: Annotated[bool, Flag("D", "Retransmit")] = False
    reserved: Annotated[int, Reserved(14)] = 0


@mobility_message(20, "Update Notification Acknowledgement", "UPA", "RFC 7077 section 4.2")
class UpdateNotificationAcknowledgement(Body, frozen=True, kw_only=True):
    """The MAG's answer to an Update Notification.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |           Sequence #          |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |   Status Code |                   Reserved                    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    sequence: Annotated[int, Bits(16, "Sequence #")]
    status: Annotated[int, Bits(8, "Status Code", NOTIFICATION_STATUS)]
    reserved: Annotated[int, Reserved(24)] = 0

    @property
    def accepted(self) -> bool:
        """Whether the status is one of success: less than 128 (RFC 7077 section 4.2)."""
        return self.status < 128
