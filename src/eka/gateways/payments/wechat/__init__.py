"""WeChat Pay v3 for a merchant of its own: Native QR, H5 and JSAPI, with WeChat's public key.

The library `wechatpayv3` knows the paths and the cryptography. `channel` replaces its transport,
`notices` its reading of notifications; neither ever fetches a certificate, as the only key that is
trusted is the one in the settings. `messages` is what the JSON means, `bill` the daily list.
"""

from eka.gateways.payments.wechat.channel import WeChatSettings
from eka.gateways.payments.wechat.gateway import WeChatGateway

__all__ = ["WeChatGateway", "WeChatSettings"]
