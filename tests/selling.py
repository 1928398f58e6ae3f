"""What the shop of the stories about buying sells, and on which terms."""

PLANS = """
plans:
  small:
    data: 10GB
    period: 30d
    price: 10.00 USD
    prices: [72.00 CNY]
    rollover: {}
    top_ups: [{data: 1GB, validity: 30d, prices: [2.00 USD]}]
  large: {data: 20GB, period: 30d, price: 18.00 USD, rollover: {}}
  ocean: {data: unlimited, period: 30d, price: 30.00 USD}
"""

SHOP = """
timezone: Asia/Shanghai
currencies: [USD, CNY]
rates: [USD CNY 7.20 up to 0.10]
"""
