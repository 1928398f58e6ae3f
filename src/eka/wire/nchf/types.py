"""The JSON objects of Nchf_ConvergedCharging (TS 32.291 Release 16, 6.1.6.2).

Volumes are in bytes, spans in seconds. Only what charging reads or a charging record shows is
typed; every other field is ignored. A null is taken as an absent field. Enumerations are open in
3GPP's services (TS 29.501, 5.2.4.2), hence plain strings.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

# The wire allows volumes to 2^64-1; the ledger counts in PostgreSQL's signed 64 bits.
VOLUME_MAX = 2**63 - 1

# A gateway has some ten rating groups open; each that a request names costs us a row.
USAGES_MAX = 256

Uint32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Volume = Annotated[int, Meta(ge=0, le=VOLUME_MAX)]
# RFC 3339. Whether a month has so many days is no matter here.
DateTime = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
        r"[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.][0-9]+)?"
        r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
    ),
]


class _Json(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """An object of the interface: fields in camel case, what is not set is not sent."""


class PlmnId(_Json, frozen=True):
    """TS 29.571, 5.4.4.3."""

    mcc: str
    mnc: str


class NFIdentification(_Json, frozen=True):
    """6.1.6.2.1.4: who asks."""

    node_functionality: str
    nf_name: str | None = field(default=None, name="nFName")
    nf_ipv4_address: str | None = field(default=None, name="nFIPv4Address")
    nf_ipv6_address: str | None = field(default=None, name="nFIPv6Address")
    nf_plmn_id: PlmnId | None = field(default=None, name="nFPLMNID")
    nf_fqdn: str | None = field(default=None, name="nFFqdn")


class Trigger(_Json, frozen=True):
    """6.1.6.2.1.7: why a report was made, or when one is to be made."""

    trigger_type: str
    trigger_category: str | None = None


class RequestedUnit(_Json, frozen=True):
    """6.1.6.2.1.5. An empty one asks the charging function to choose."""

    time: Uint32 | None = None
    total_volume: Volume | None = None
    uplink_volume: Volume | None = None
    downlink_volume: Volume | None = None


class UsedUnitContainer(_Json, frozen=True):
    """6.1.6.2.1.6: what was used of a rating group since the container before."""

    local_sequence_number: Uint32 | None = None
    quota_management_indicator: str | None = None
    triggers: tuple[Trigger, ...] | None = None
    trigger_timestamp: DateTime | None = None
    time: Uint32 | None = None
    total_volume: Volume | None = None
    uplink_volume: Volume | None = None
    downlink_volume: Volume | None = None


class MultipleUnitUsage(_Json, frozen=True):
    """6.1.6.2.1.3: what one request says of one rating group at one UPF."""

    rating_group: Uint32
    requested_unit: RequestedUnit | None = None
    used_unit_container: tuple[UsedUnitContainer, ...] | None = None
    # The OpenAPI file of Release 15 spells it with a capital. What a gateway of that age used must
    # not be overlooked, nor counted twice where one sends both.
    used_unit_container_r15: tuple[UsedUnitContainer, ...] | None = field(
        default=None, name="UsedUnitContainer"
    )
    upf_id: str | None = field(default=None, name="uPFID")

    @property
    def containers(self) -> tuple[UsedUnitContainer, ...]:
        return self.used_unit_container or self.used_unit_container_r15 or ()


class Tai(_Json, frozen=True):
    """A tracking area, of which only the network is of interest."""

    plmn_id: PlmnId | None = None


class CellLocation(_Json, frozen=True):
    """Where the subscriber is, in NR or E-UTRA (TS 29.571, 5.4.4.8 and 5.4.4.9)."""

    tai: Tai | None = None


class UserLocation(_Json, frozen=True):
    """TS 29.571, 5.4.4.7."""

    nr_location: CellLocation | None = None
    eutra_location: CellLocation | None = None


class UserInformation(_Json, frozen=True):
    """6.1.6.2.2.2."""

    served_gpsi: str | None = field(default=None, name="servedGPSI")


class PDUSessionInformation(_Json, frozen=True):
    """6.1.6.2.2.3."""

    dnn_id: str | None = None
    rat_type: str | None = None
    serving_cn_plmn_id: PlmnId | None = field(default=None, name="servingCNPlmnId")


class PDUSessionChargingInformation(_Json, frozen=True):
    """6.1.6.2.2.1: what a charging record shows of the PDU session."""

    charging_id: Uint32 | str | None = None
    user_information: UserInformation | None = None
    user_locationinfo: UserLocation | None = None
    pdu_session_information: PDUSessionInformation | None = None


class ChargingDataRequest(_Json, frozen=True):
    """6.1.6.2.1.1.

    `invocationSequenceNumber` is mandatory there, but real gateways leave it out; `identity` knows
    how to tell their requests apart.
    """

    nf_consumer_identification: NFIdentification
    invocation_time_stamp: DateTime
    invocation_sequence_number: Uint32 | None = None
    subscriber_identifier: str | None = None
    notify_uri: str | None = None
    retransmission_indicator: bool | None = None
    one_time_event: bool | None = None
    one_time_event_type: Literal["IEC", "PEC"] | None = None
    multiple_unit_usage: (
        Annotated[tuple[MultipleUnitUsage, ...], Meta(max_length=USAGES_MAX)] | None
    ) = None
    pdu_session_charging_information: PDUSessionChargingInformation | None = field(
        default=None, name="pDUSessionChargingInformation"
    )


class GrantedUnit(_Json, frozen=True):
    """6.1.6.2.1.10."""

    total_volume: Volume | None = None


class RedirectServer(_Json, frozen=True):
    """6.1.6.2.1.13."""

    redirect_address_type: str
    redirect_server_address: str


class FinalUnitIndication(_Json, frozen=True):
    """6.1.6.2.1.12: what is to be done when the grant is used up."""

    final_unit_action: str
    redirect_server: RedirectServer | None = None


class MultipleUnitInformation(_Json, frozen=True):
    """6.1.6.2.1.8: the answer for one rating group at one UPF."""

    rating_group: Uint32
    result_code: str | None = None
    granted_unit: GrantedUnit | None = None
    triggers: tuple[Trigger, ...] | None = None
    validity_time: Uint32 | None = None
    final_unit_indication: FinalUnitIndication | None = None
    volume_quota_threshold: Volume | None = None
    upf_id: str | None = field(default=None, name="uPFID")


class InvalidParam(_Json, frozen=True):
    """TS 29.571, 5.2.4.2; `param` is a JSON pointer into the body."""

    param: str
    reason: str | None = None


class ProblemDetails(_Json, frozen=True):
    """TS 29.571, 5.2.4.1."""

    status: int
    title: str | None = None
    detail: str | None = None
    cause: str | None = None
    invalid_params: tuple[InvalidParam, ...] | None = None


class ChargingDataResponse(_Json, frozen=True):
    """6.1.6.2.1.2."""

    invocation_time_stamp: DateTime
    invocation_sequence_number: Uint32
    multiple_unit_information: tuple[MultipleUnitInformation, ...] | None = None


class ReauthorizationDetails(_Json, frozen=True):
    """6.1.6.2.1.15."""

    rating_group: Uint32 | None = None


class ChargingNotifyRequest(_Json, frozen=True):
    """6.1.6.2.1.14: the charging function calls the gateway."""

    notification_type: str
    reauthorization_details: tuple[ReauthorizationDetails, ...] | None = None


def volume_of(unit: RequestedUnit | UsedUnitContainer) -> int | None:
    """Bytes: the total, or up and down together where there is no total; None where neither is."""
    if unit.total_volume is not None:
        return unit.total_volume
    if unit.uplink_volume is None and unit.downlink_volume is None:
        return None
    return (unit.uplink_volume or 0) + (unit.downlink_volume or 0)
