"""Chooses the device to compute on, and tells where half precision pays."""

import torch


def best_device() -> torch.device:
    """Return the GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half_pays(device: torch.device) -> bool:
    """Tell whether matrix products in bfloat16 are faster here: on GPUs, and on CPUs that have instructions for it.

    Elsewhere they are emulated, many times slower than in fp32.
    """
    if device.type == "cuda":
        return True
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
