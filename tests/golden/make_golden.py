#!/usr/bin/python3
"""Makes the golden files of this folder with PyTorch; for development only, nothing of the build needs it.

    tests/golden/make_golden.py [FOLDER]      (Debian: python3-torch, python3-numpy)

Weights, inputs and gradients come from one formula shared with tests/support/golden.c, so that the files hold results alone:

    unit(key, i)    integer hash of (key, i) as a float32 in [-1, 1) with 24 bits
    key(text)       32-bit FNV-1a of a tensor's name

A tensor named `t` in a state_dict has, at position i of PyTorch's layout, unit(key(t), i) times or plus what formula() says.
Image i has label floor(5 * (1 + unit(key("label"), i))) and is half a picture of its own, half one of its class, both of 14 x 14
squares. Rates, batches and pictures are chosen so that float32 and float64 agree to 1e-4 after ten steps: noise or larger
rates make a residual net so sensitive that even PyTorch's own two curves part.
"""
import os
import sys
from collections import OrderedDict

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
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
        "multistep": rates(40, lambda o: lr_scheduler.MultiStepLR(o, [1, 4], 0.1), per_epoch=True),
        "polynomial": rates(40, lambda o: lr_scheduler.PolynomialLR(o, 40, 2.5)),
        "cosine-restarts": rates(96, lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2 * EPOCH_STEPS, 2)),
        "cosine-restarts-1": rates(40, lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2 * EPOCH_STEPS)),
    }
    np.savez_compressed(os.path.join(FOLDER, "schedules.npz"), **arrays, **plateaus())


def plateaus():
    """Losses of 40 epochs, and the rate after each."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.2)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2, eps=0)
    losses = (2.0 / (1 + np.minimum(np.arange(40), 12) // 3) + 0.05 * unit(key("plateau"), 0, 40)).astype(np.float64)
    rows = []
    for loss in losses:
        scheduler.step(loss)
        rows.append((loss, optimizer.param_groups[0]["lr"]))
    return {"plateau": np.array(rows)}


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


class Lars:
    """You, Gitman & Ginsburg 2017, algorithm 1; tensors without decay have the plain rate."""

    def __init__(self, groups, momentum=0.9, trust=0.1):
        self.param_groups, self.momentum, self.trust, self.v = groups, momentum, trust, {}

    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                g, decay, rate = p.grad, group["weight_decay"], group["lr"]
                if decay:
                    rate = rate * self.trust * p.data.norm() / (g.norm() + decay * p.data.norm())
                self.v[p] = self.momentum * self.v.get(p, 0) + rate * (g + decay * p.data)
                p.data -= self.v[p]


def newton_schulz(g):
    """Jordan et al. 2024, on the matrix or its transpose, whichever is wide."""
    x = g / (g.norm() + 1e-7)
    x = x.T if x.shape[0] > x.shape[1] else x
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if g.shape[0] > g.shape[1] else x


class Muon:
    """Tensors with decay, flattened as `matrix` says, by Muon with the length of Liu et al. 2025; the others by AdamW."""

    def __init__(self, groups, matrix, momentum=0.9):
        self.param_groups, self.matrix, self.momentum, self.v = groups, matrix, momentum, {}
        self.others = torch.optim.AdamW(groups[1]["params"], lr=0.1, betas=(0.9, 0.999), eps=1e-8, weight_decay=0)

    def step(self):
        group = self.param_groups[0]
        for p in group["params"]:
            v = self.v.setdefault(p, torch.zeros_like(p.data))
            v.lerp_(p.grad, 1 - self.momentum)
            u = self.matrix(p.grad.lerp(v, self.momentum))
            p.data *= 1 - group["lr"] * group["weight_decay"]
            p.data -= group["lr"] * 0.2 * max(u.shape) ** 0.5 * newton_schulz(u).reshape(p.shape)
        self.others.param_groups[0]["lr"] = group["lr"]
        self.others.step()


def muon_filters():
    """One convolution's weight, 3 x 3 x 2 x 6 in our order (HWIO), turned as PyTorch's 6 x (2 * 3 * 3)."""
    hwio = torch.tensor(unit(key("filters"), 0, 108)).double().reshape(3, 3, 2, 6)
    turned = newton_schulz(hwio.permute(3, 2, 0, 1).reshape(6, 18))
    return turned.reshape(6, 2, 3, 3).permute(2, 3, 1, 0).reshape(-1).numpy()


def optimisers():
    makers = {
        "rmsprop": lambda groups: torch.optim.RMSprop(groups, lr=0.1, alpha=0.99, eps=1e-8, momentum=0.9),
        "lars": Lars,
        "muon": lambda groups: Muon(groups, lambda u: u.reshape(3, 4)),
        "sgd": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9),
        "nesterov": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True),
        "adamw": lambda groups: torch.optim.AdamW(groups, lr=0.1, betas=(0.9, 0.999), eps=1e-8),
    }
    arrays = {name: optimise(make, torch.float64) for name, make in makers.items()}
    np.savez_compressed(os.path.join(FOLDER, "optim.npz"), **arrays, **{"muon-filters": muon_filters()})


# ---- tricks of the training loop, as in tests/nets/test_train_tricks.c -------------------------------------------------

TRICK_EPOCHS, TRICK_STEPS = 4, 3
TRICK_SIZES = {"weight": 12, "bias": 5, "scale": 4}


def trick(name):
    """Nesterov's momentum down a noisy bowl: the loss of step s has the gradient 2 * w + noise(s)."""
    from torch.optim.swa_utils import AveragedModel

    class Bowl(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for n, size in TRICK_SIZES.items():
                setattr(self, n, torch.nn.Parameter(torch.tensor(unit(key(n), 0, size)).double()))

    bowl = Bowl()
    named = dict(bowl.named_parameters())
    optimizer = torch.optim.SGD([{"params": [named["weight"]], "weight_decay": 0.05},
                                 {"params": [named["bias"], named["scale"]], "weight_decay": 0.0}],
                                lr=0.05, momentum=0.9, nesterov=True)

    def gradient(step):
        for n, p in named.items():
            p.grad = 2 * p.data + torch.tensor(unit(key(n + ".noise"), step * p.numel(), p.numel())).double()

    def flat(params):
        return torch.cat([params[n].detach().reshape(-1) for n in TRICK_SIZES])

    ema = AveragedModel(bowl, avg_fn=lambda a, w, n: a + (1 - min(0.8, (1 + n) / (10 + n))) * (w - a))
    ema.update_parameters(bowl)  # the first copies the weights before any step, and counts as 1
    swa = AveragedModel(bowl)
    slow = flat(named).clone()
    for step in range(TRICK_EPOCHS * TRICK_STEPS):
        gradient(step)
        if name == "sam":
            before = {n: p.data.clone() for n, p in named.items()}
            norm = torch.stack([p.grad.norm() for p in named.values()]).norm()
            for p in named.values():
                p.data += 0.3 / (norm + 1e-12) * p.grad
            gradient(step)
            for n, p in named.items():
                p.data = before[n]
        if name == "clip":
            torch.nn.utils.clip_grad_norm_(bowl.parameters(), 2.5)
        optimizer.step()
        if name == "lookahead" and ((step + 1) % 5 == 0 or step + 1 == TRICK_EPOCHS * TRICK_STEPS):
            slow += 0.4 * (flat(named) - slow)
            at = 0
            for n, size in TRICK_SIZES.items():
                named[n].data = slow[at:at + size].clone()
                at += size
        ema.update_parameters(bowl)
        if (step + 1) % TRICK_STEPS == 0 and step >= TRICK_STEPS * 2:
            swa.update_parameters(bowl)
    kept = {"ema": dict(ema.module.named_parameters()), "swa": dict(swa.module.named_parameters())}.get(name, named)
    return flat(kept).numpy()


def tricks():
    names = ("plain", "clip", "sam", "lookahead", "ema", "swa")
    np.savez_compressed(os.path.join(FOLDER, "tricks.npz"), **{name: trick(name) for name in names})


# ---- nets: logits, loss, gradients in both modes, and a training curve -------------------------------------------------

CLASSES, SIDE, SAMPLES, STRIDE = 10, 14, 64, 1000003
GRADIENT_BATCH = 8
CURVE_STEPS, CURVE_BATCH, CURVE_CYCLE = 10, 32, 2  # two batches in turn


def madry():
    return nn.Sequential(OrderedDict(
        conv1=nn.Conv2d(1, 32, 5, padding=2), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(32, 64, 5, padding=2), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2), flatten=nn.Flatten(),
        fc1=nn.Linear(64 * 49, 1024), relu3=nn.ReLU(), fc2=nn.Linear(1024, CLASSES)))


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        same = stride == 1 and i == o
        self.shortcut = nn.Sequential() if same else nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.shortcut(x))


def resnet20():
    stage = lambda i, o, stride: nn.Sequential(Block(i, o, stride), Block(o, o, 1), Block(o, o, 1))
    return nn.Sequential(OrderedDict(
        conv1=nn.Conv2d(1, 16, 3, 1, 1, bias=False), bn1=nn.BatchNorm2d(16), relu=nn.ReLU(), layer1=stage(16, 16, 1),
        layer2=stage(16, 32, 2), layer3=stage(32, 64, 2), pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(),
        fc=nn.Linear(64, CLASSES)))


def formula(name, tensor):
    u = unit(key(name), 0, tensor.numel()).astype(np.float64)
    if tensor.dim() > 1:
        value = u * np.sqrt(6 / (tensor.numel() // tensor.shape[0]))
    elif name.endswith("running_var"):
        value = 4 + u
    elif name.endswith("weight"):
        value = 1 + 0.25 * u
    else:
        value = 0.1 * u
    return torch.tensor(value.astype(np.float32)).reshape(tensor.shape)


def images(first, n):
    u = (unit(key("label"), first, n) + np.float32(1)) * np.float32(5)
    labels = u.astype(np.int64)
    squares = lambda k, start, count: unit(k, start * SIDE**2, count * SIDE**2).reshape(count, SIDE, SIDE) + np.float32(1)
    own, of_class = squares(key("own"), first, n), squares(key("class"), 0, CLASSES)
    x = np.float32(0.25) * own + np.float32(0.25) * of_class[labels]
    return torch.tensor(x.repeat(2, axis=1).repeat(2, axis=2)[:, None]), torch.tensor(labels)


def build(make, dtype):
    net = make()
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(formula(name, tensor))
    return net.to(dtype)


def sampled(tensor):
    """64 entries spread over the tensor (all of a smaller one, then zeros); a prime stride meets every channel and tap."""
    flat = tensor.detach().reshape(-1).double().numpy()
    at = np.arange(SAMPLES) * STRIDE % flat.size if flat.size >= SAMPLES else np.arange(flat.size)
    return np.pad(flat[at], (0, SAMPLES - at.size)).astype(np.float32)


def gradients(make, training):
    net = build(make, torch.float64).train(training)
    x, y = images(0, GRADIENT_BATCH)
    x = x.double().requires_grad_(True)
    logits = net(x)
    loss = F.cross_entropy(logits, y)
    loss.backward()
    tensors = [p.grad for p in net.parameters()] + [x.grad]
    out = {"logits": logits.detach().numpy(), "loss": np.array([loss.item()]),
           "norms": np.array([t.norm().item() for t in tensors]), "samples": np.stack([sampled(t) for t in tensors])}
    if training:  # running statistics after this one forward pass
        buffers = [(n, b) for n, b in net.named_buffers() if b.is_floating_point()]
        out["buffers"] = np.stack([sampled(b) for _, b in buffers]) if buffers else np.zeros((0, SAMPLES), np.float32)
    return out


def curve(make, rate, dtype):
    net = build(make, dtype).train()
    decayed = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() == 1]
    optimizer = torch.optim.SGD([{"params": decayed, "weight_decay": 5e-4}, {"params": others}], lr=rate, momentum=0.9,
                                nesterov=True)
    losses = []
    for step in range(CURVE_STEPS):
        x, y = images(step % CURVE_CYCLE * CURVE_BATCH, CURVE_BATCH)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x.to(dtype)), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


def lines(names):
    return np.frombuffer("".join(name + "\n" for name in names).encode(), np.uint8)


def net_file(name, make, rate):
    net = make()
    arrays = {"parameters": lines(n for n, _ in net.named_parameters()),
              "buffers": lines(n for n, b in net.named_buffers() if b.is_floating_point()),
              "curve/rate": np.array([rate]), "curve/float64": curve(make, rate, torch.float64),
              "curve/float32": curve(make, rate, torch.float32)}
    for mode in ("eval", "train"):
        for what, array in gradients(make, mode == "train").items():
            arrays[mode + "/" + what] = array
    np.savez_compressed(os.path.join(FOLDER, name + ".npz"), **arrays)


# ---- resizing: bilinear, half-pixel centres ----------------------------------------------------------------------------

RESIZES = {"up": (3, 5, 4, 11, 9), "down": (2, 11, 8, 4, 5), "one": (1, 1, 3, 4, 2), "same": (3, 6, 6, 6, 6)}


def resizes():
    """c, h, w of the input, height and width of the output; values in PyTorch's order, all in float64."""
    arrays = {}
    for name, (c, h, w, height, width) in RESIZES.items():
        x = torch.tensor(unit(key(name + ".x"), 0, c * h * w)).double().reshape(1, c, h, w).requires_grad_(True)
        y = F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False)
        y.backward(torch.tensor(unit(key(name + ".dy"), 0, y.numel())).double().reshape(y.shape))
        arrays[name + "/y"] = y.detach().numpy()
        arrays[name + "/dx"] = x.grad.numpy()
    np.savez_compressed(os.path.join(FOLDER, "resizes.npz"), **arrays)


if __name__ == "__main__":
    resizes()
    schedules()
    optimisers()
    tricks()
    net_file("madry", madry, 0.003)
    net_file("resnet20", resnet20, 0.001)
