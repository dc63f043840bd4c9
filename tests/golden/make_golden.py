#!/usr/bin/python3
"""Makes the golden files of this folder with PyTorch; for development only, nothing of the build needs it.

    tests/golden/make_golden.py [FOLDER]      (Debian: python3-torch, python3-numpy)

Weights, inputs and gradients come from one formula shared with tests/support/golden.c, so that the files hold results alone:

    unit(key, i)    integer hash of (key, i) as a float32 in [-1, 1) with 24 bits
    key(text)       32-bit FNV-1a of a tensor's name
"""
import os
import sys

import numpy as np
import torch
from torch.optim import lr_scheduler

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))


def key(text):
    h = 2166136261
    for byte in text.encode():
        h = (h ^ byte) * 16777619 & 0xFFFFFFFF
    return h


def unit(k, first, n):
    """n values from position `first` on, float32."""
    with np.errstate(over="ignore"):
        x = np.arange(first, first + n, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(k)
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
        x = x ^ (x >> np.uint32(16))
    return ((x >> np.uint32(8)).astype(np.float64) / 2**23 - 1).astype(np.float32)


# ---- schedules: the rate (and one-cycle's momentum) of every step ------------------------------------------------------

EPOCH_STEPS = 8


def rates(total, make, per_epoch=False):
    """Rates and momenta of `total` steps under the scheduler that make(optimizer) gives; peak 0.2."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.2, momentum=0.9)
    scheduler = make(optimizer)
    rows = []
    for step in range(total):
        rows.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))
        optimizer.step()
        if step + 1 < total and (not per_epoch or (step + 1) % EPOCH_STEPS == 0):
            scheduler.step()
    return np.array(rows)


def schedules():
    one_cycle = lambda total: lambda o: lr_scheduler.OneCycleLR(o, 0.2, total_steps=total)
    arrays = {
        "step": rates(40, lambda o: lr_scheduler.StepLR(o, 2, 0.1), per_epoch=True),
        "exponential": rates(40, lambda o: lr_scheduler.ExponentialLR(o, 0.9), per_epoch=True),
        "linear": rates(40, lambda o: lr_scheduler.LinearLR(o, 1.0, 0.01, 39)),
        "cosine": rates(40, lambda o: lr_scheduler.CosineAnnealingLR(o, 40)),
        "one-cycle": rates(40, one_cycle(40)),
        "one-cycle-47": rates(47, one_cycle(47)),  # its peak lies between two steps
    }
    np.savez_compressed(os.path.join(FOLDER, "schedules.npz"), **arrays)


# ---- optimisers: 10 steps on three small tensors -----------------------------------------------------------------------

OPTIM_STEPS = 10


def optimise(make, dtype):
    """Tensors as in tests/nets/test_optim.c: a decayed weight of 12, a bias of 5, a norm scale of 4; rate 0.1 / (step + 1)."""
    sizes = {"weight": 12, "bias": 5, "scale": 4}
    tensors = [torch.nn.Parameter(torch.tensor(unit(key(name), 0, n)).to(dtype)) for name, n in sizes.items()]
    optimizer = make([{"params": tensors[:1], "weight_decay": 0.05}, {"params": tensors[1:], "weight_decay": 0.0}])
    rows = []
    for step in range(OPTIM_STEPS):
        for group in optimizer.param_groups:
            group["lr"] = 0.1 / (step + 1)
        for tensor, (name, n) in zip(tensors, sizes.items()):
            tensor.grad = torch.tensor(unit(key(name + ".grad"), step * n, n)).to(dtype)
        optimizer.step()
        rows.append(torch.cat([t.detach() for t in tensors]).numpy().copy())
    return np.array(rows, dtype=np.float64)


def optimisers():
    makers = {
        "sgd": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9),
        "nesterov": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True),
        "adamw": lambda groups: torch.optim.AdamW(groups, lr=0.1, betas=(0.9, 0.999), eps=1e-8),
    }
    arrays = {name: optimise(make, torch.float64) for name, make in makers.items()}
    np.savez_compressed(os.path.join(FOLDER, "optim.npz"), **arrays)


if __name__ == "__main__":
    schedules()
    optimisers()
