"""An SM-DP+ of one's own, or of a partner: profiles ordered by ES2+ (GSMA SGP.22, 5.3).

Data is not bought from it: our own core meters. It cannot be asked how a profile stands; what it
says by itself comes to `eka es2plus`, a listener that lets in nobody but its client certificate.
"""

from eka.gateways.suppliers.es2plus.settings import Es2PlusSettings
from eka.gateways.suppliers.es2plus.supplier import Es2PlusSupplier

__all__ = ["Es2PlusSettings", "Es2PlusSupplier"]
