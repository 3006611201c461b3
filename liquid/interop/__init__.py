"""Weights in and out: models of the reference library ncps (torch) as cells, and back.

    cell, params = from_ncps(torch_model)                   # ncps.torch.CfC or LTC, or its state_dict()
    cell, params = from_ncps("weights.npz", mode="no_gate") # what shapes do not tell is an argument
    torch_model.load_state_dict({k: torch.tensor(v) for k, v in to_ncps(cell, params).items()})

Neither torch nor ncps is needed here. A state dict becomes a file without pickle by ``np.savez(path, **arrays)``.
"""

from liquid.interop.ncps import from_ncps, rename, to_ncps
from liquid.interop.wirings import wiring_of

__all__ = ["from_ncps", "rename", "to_ncps", "wiring_of"]
