/* Inside WeChat the app itself asks for the payment; its bridge comes when WeChat sees fit. */
(function () {
  "use strict";
  var button = document.getElementById("wechat-pay");
  var names = { appid: "appId", timestamp: "timeStamp", noncestr: "nonceStr", package: "package", signtype: "signType", paysign: "paySign" };

  function pay() {
    var asked = {};
    Object.keys(names).forEach(function (name) { asked[names[name]] = button.dataset[name]; });
    window.WeixinJSBridge.invoke("getBrandWCPayRequest", asked, function () { window.location.reload(); });
  }

  if (!button) { return; }
  button.addEventListener("click", function () {
    if (window.WeixinJSBridge) { pay(); } else { document.addEventListener("WeixinJSBridgeReady", pay, { once: true }); }
  });
})();
