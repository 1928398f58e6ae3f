"""The AVPs that Eka reads or writes, each under one number: vendor << 32 | code.

Sources: RFC 6733 (4.5), RFC 8506 (8), TS 32.299 (7), TS 29.061 (16.4.7).
"""

from typing import Literal

from msgspec import Struct

Text = Literal["octets", "utf8", "identity", "address"]
Number = Literal["unsigned32", "unsigned64", "integer32", "integer64", "enumerated", "time"]
Type = Text | Number | Literal["group"]

VENDOR_3GPP = 10415
_3GPP = VENDOR_3GPP << 32

USER_NAME = 1
CALLED_STATION_ID = 30
PROXY_STATE = 33
EVENT_TIMESTAMP = 55
HOST_IP_ADDRESS = 257
AUTH_APPLICATION_ID = 258
ACCT_APPLICATION_ID = 259
VENDOR_SPECIFIC_APPLICATION_ID = 260
SESSION_ID = 263
ORIGIN_HOST = 264
SUPPORTED_VENDOR_ID = 265
VENDOR_ID = 266
FIRMWARE_REVISION = 267
RESULT_CODE = 268
PRODUCT_NAME = 269
DISCONNECT_CAUSE = 273
ORIGIN_STATE_ID = 278
FAILED_AVP = 279
PROXY_HOST = 280
ERROR_MESSAGE = 281
ROUTE_RECORD = 282
DESTINATION_REALM = 283
PROXY_INFO = 284
RE_AUTH_REQUEST_TYPE = 285
DESTINATION_HOST = 293
ORIGIN_REALM = 296
EXPERIMENTAL_RESULT = 297
EXPERIMENTAL_RESULT_CODE = 298

CC_INPUT_OCTETS = 412
CC_MONEY = 413
CC_OUTPUT_OCTETS = 414
CC_REQUEST_NUMBER = 415
CC_REQUEST_TYPE = 416
CC_SERVICE_SPECIFIC_UNITS = 417
CC_TIME = 420
CC_TOTAL_OCTETS = 421
CHECK_BALANCE_RESULT = 422
COST_INFORMATION = 423
CURRENCY_CODE = 425
EXPONENT = 429
FINAL_UNIT_INDICATION = 430
GRANTED_SERVICE_UNIT = 431
RATING_GROUP = 432
REDIRECT_ADDRESS_TYPE = 433
REDIRECT_SERVER = 434
REDIRECT_SERVER_ADDRESS = 435
REQUESTED_ACTION = 436
REQUESTED_SERVICE_UNIT = 437
SERVICE_IDENTIFIER = 439
SUBSCRIPTION_ID = 443
SUBSCRIPTION_ID_DATA = 444
UNIT_VALUE = 445
USED_SERVICE_UNIT = 446
VALUE_DIGITS = 447
VALIDITY_TIME = 448
FINAL_UNIT_ACTION = 449
SUBSCRIPTION_ID_TYPE = 450
MULTIPLE_SERVICES_INDICATOR = 455
MULTIPLE_SERVICES_CREDIT_CONTROL = 456
SERVICE_CONTEXT_ID = 461

TGPP_CHARGING_ID = _3GPP | 2
TGPP_SGSN_MCC_MNC = _3GPP | 18
TGPP_RAT_TYPE = _3GPP | 21
TGPP_USER_LOCATION_INFO = _3GPP | 22
VOLUME_QUOTA_THRESHOLD = _3GPP | 869
REPORTING_REASON = _3GPP | 872
SERVICE_INFORMATION = _3GPP | 873
PS_INFORMATION = _3GPP | 874
PDP_ADDRESS = _3GPP | 1227


class Definition(Struct, frozen=True):
    """One AVP; `mandatory` is its M flag when Eka sends it."""

    name: str
    type: Type
    mandatory: bool = True


DICTIONARY = {
    USER_NAME: Definition("User-Name", "utf8"),
    CALLED_STATION_ID: Definition("Called-Station-Id", "utf8"),
    PROXY_STATE: Definition("Proxy-State", "octets"),
    EVENT_TIMESTAMP: Definition("Event-Timestamp", "time"),
    HOST_IP_ADDRESS: Definition("Host-IP-Address", "address"),
    AUTH_APPLICATION_ID: Definition("Auth-Application-Id", "unsigned32"),
    ACCT_APPLICATION_ID: Definition("Acct-Application-Id", "unsigned32"),
    VENDOR_SPECIFIC_APPLICATION_ID: Definition("Vendor-Specific-Application-Id", "group"),
    SESSION_ID: Definition("Session-Id", "utf8"),
    ORIGIN_HOST: Definition("Origin-Host", "identity"),
    SUPPORTED_VENDOR_ID: Definition("Supported-Vendor-Id", "unsigned32"),
    VENDOR_ID: Definition("Vendor-Id", "unsigned32"),
    FIRMWARE_REVISION: Definition("Firmware-Revision", "unsigned32", mandatory=False),
    RESULT_CODE: Definition("Result-Code", "unsigned32"),
    PRODUCT_NAME: Definition("Product-Name", "utf8", mandatory=False),
    DISCONNECT_CAUSE: Definition("Disconnect-Cause", "enumerated"),
    ORIGIN_STATE_ID: Definition("Origin-State-Id", "unsigned32"),
    FAILED_AVP: Definition("Failed-AVP", "group"),
    PROXY_HOST: Definition("Proxy-Host", "identity"),
    ERROR_MESSAGE: Definition("Error-Message", "utf8", mandatory=False),
    ROUTE_RECORD: Definition("Route-Record", "identity"),
    DESTINATION_REALM: Definition("Destination-Realm", "identity"),
    PROXY_INFO: Definition("Proxy-Info", "group"),
    RE_AUTH_REQUEST_TYPE: Definition("Re-Auth-Request-Type", "enumerated"),
    DESTINATION_HOST: Definition("Destination-Host", "identity"),
    ORIGIN_REALM: Definition("Origin-Realm", "identity"),
    EXPERIMENTAL_RESULT: Definition("Experimental-Result", "group"),
    EXPERIMENTAL_RESULT_CODE: Definition("Experimental-Result-Code", "unsigned32"),
    CC_INPUT_OCTETS: Definition("CC-Input-Octets", "unsigned64"),
    CC_MONEY: Definition("CC-Money", "group"),
    CC_OUTPUT_OCTETS: Definition("CC-Output-Octets", "unsigned64"),
    CC_REQUEST_NUMBER: Definition("CC-Request-Number", "unsigned32"),
    CC_REQUEST_TYPE: Definition("CC-Request-Type", "enumerated"),
    CC_SERVICE_SPECIFIC_UNITS: Definition("CC-Service-Specific-Units", "unsigned64"),
    CC_TIME: Definition("CC-Time", "unsigned32"),
    CC_TOTAL_OCTETS: Definition("CC-Total-Octets", "unsigned64"),
    CHECK_BALANCE_RESULT: Definition("Check-Balance-Result", "enumerated"),
    COST_INFORMATION: Definition("Cost-Information", "group"),
    CURRENCY_CODE: Definition("Currency-Code", "unsigned32"),
    EXPONENT: Definition("Exponent", "integer32"),
    FINAL_UNIT_INDICATION: Definition("Final-Unit-Indication", "group"),
    GRANTED_SERVICE_UNIT: Definition("Granted-Service-Unit", "group"),
    RATING_GROUP: Definition("Rating-Group", "unsigned32"),
    REDIRECT_ADDRESS_TYPE: Definition("Redirect-Address-Type", "enumerated"),
    REDIRECT_SERVER: Definition("Redirect-Server", "group"),
    REDIRECT_SERVER_ADDRESS: Definition("Redirect-Server-Address", "utf8"),
    REQUESTED_ACTION: Definition("Requested-Action", "enumerated"),
    REQUESTED_SERVICE_UNIT: Definition("Requested-Service-Unit", "group"),
    SERVICE_IDENTIFIER: Definition("Service-Identifier", "unsigned32"),
    SUBSCRIPTION_ID: Definition("Subscription-Id", "group"),
    SUBSCRIPTION_ID_DATA: Definition("Subscription-Id-Data", "utf8"),
    UNIT_VALUE: Definition("Unit-Value", "group"),
    USED_SERVICE_UNIT: Definition("Used-Service-Unit", "group"),
    VALUE_DIGITS: Definition("Value-Digits", "integer64"),
    VALIDITY_TIME: Definition("Validity-Time", "unsigned32"),
    FINAL_UNIT_ACTION: Definition("Final-Unit-Action", "enumerated"),
    SUBSCRIPTION_ID_TYPE: Definition("Subscription-Id-Type", "enumerated"),
    MULTIPLE_SERVICES_INDICATOR: Definition("Multiple-Services-Indicator", "enumerated"),
    MULTIPLE_SERVICES_CREDIT_CONTROL: Definition("Multiple-Services-Credit-Control", "group"),
    SERVICE_CONTEXT_ID: Definition("Service-Context-Id", "utf8"),
    TGPP_CHARGING_ID: Definition("3GPP-Charging-Id", "octets"),
    TGPP_SGSN_MCC_MNC: Definition("3GPP-SGSN-MCC-MNC", "utf8"),
    TGPP_RAT_TYPE: Definition("3GPP-RAT-Type", "octets"),
    TGPP_USER_LOCATION_INFO: Definition("3GPP-User-Location-Info", "octets"),
    VOLUME_QUOTA_THRESHOLD: Definition("Volume-Quota-Threshold", "unsigned32"),
    REPORTING_REASON: Definition("Reporting-Reason", "enumerated"),
    SERVICE_INFORMATION: Definition("Service-Information", "group"),
    PS_INFORMATION: Definition("PS-Information", "group"),
    PDP_ADDRESS: Definition("PDP-Address", "address"),
}


def name(key: int) -> str:
    """`Rating-Group`, or `AVP 1004 of vendor 10415` where the dictionary has none."""
    known = DICTIONARY.get(key)
    return known.name if known else f"AVP {key & 0xFFFFFFFF} of vendor {key >> 32}"
