"""An SM-DP+ that speaks ES2+ with certificates on both sides (GSMA SGP.22, 5.3)."""

from eka.gateways.suppliers.sandbox.smdp.server import SmdpSandbox

__all__ = ["SmdpSandbox"]
