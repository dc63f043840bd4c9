#!/usr/bin/python3
"""The same net and recipe in PyTorch, to compare accuracies at equal epochs (not speed: bench/compare does that).

    apt-get install --no-install-recommends python3-torch python3-numpy python3-pil
    bench/train_peer.py FOLDER --epochs 10 --seed 0          # FOLDER/train/CLASS/*.jpg and FOLDER/test/CLASS/*.jpg

It does what `audit train --data folder:FOLDER --arch resnet20 --lr .2 --augment flip,crop=4 --label-smoothing .05` does:
resnet20 with 1x1 projections, inputs standardised per channel, reflect-padded crops, mirrored half the time, Nesterov with
decay 5e-4 on weights alone, one-cycle with momentum .95 to .85, batches of 128 without the rest. Prints one JSON line.
"""
import argparse, json, os, time
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from PIL import Image


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.c2, self.b2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.short = (nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))
                      if stride != 1 or i != o else nn.Identity())

    def forward(self, x):
        return F.relu(self.b2(self.c2(F.relu(self.b1(self.c1(x))))) + self.short(x))


def resnet20(channels, classes):
    layers, i = [nn.Conv2d(channels, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for stage, o in enumerate((16, 32, 64)):
        for j in range(3):
            layers.append(Block(i, o, 2 if stage and not j else 1))
            i = o
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, classes))
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight)
    return net


def read(folder):
    images, labels = [], []
    for label, name in enumerate(sorted(os.listdir(folder))):
        for file in sorted(os.listdir(os.path.join(folder, name))):
            images.append(np.asarray(Image.open(os.path.join(folder, name, file)).convert("RGB")))
            labels.append(label)
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255, torch.tensor(labels)


def augment(x, pad=4):
    n, c, h, w = x.shape
    big = F.pad(x, (pad,) * 4, mode="reflect")
    top, left = torch.randint(0, 2 * pad + 1, (n,)), torch.randint(0, 2 * pad + 1, (n,))
    rows = top[:, None] + torch.arange(h)
    columns = left[:, None] + torch.arange(w)
    columns = torch.where(torch.rand(n)[:, None] < .5, columns.flip(1), columns)
    return big[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
a.add_argument("folder")
a.add_argument("--epochs", type=int, default=10)
a.add_argument("--seed", type=int, default=0)
a.add_argument("--threads", type=int, default=2)
a.add_argument("--lr", type=float, default=.2)
a = a.parse_args()
torch.set_num_threads(a.threads)
torch.manual_seed(a.seed)
x, y = read(os.path.join(a.folder, "train"))
tx, ty = read(os.path.join(a.folder, "test"))
mean, std = x.mean((0, 2, 3), keepdim=True), x.std((0, 2, 3), keepdim=True)
net = resnet20(3, int(y.max()) + 1).to(memory_format=torch.channels_last)
weights = [p for p in net.parameters() if p.dim() > 1]
others = [p for p in net.parameters() if p.dim() == 1]
optimiser = torch.optim.SGD([{"params": weights, "weight_decay": 5e-4}, {"params": others, "weight_decay": 0}],
                            a.lr, momentum=.9, nesterov=True)
steps = len(x) // 128
schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, a.lr, total_steps=a.epochs * steps)
began = time.perf_counter()
for epoch in range(a.epochs):
    net.train()
    order = torch.randperm(len(x))
    for k in range(steps):
        rows = order[k * 128:(k + 1) * 128]
        batch = ((augment(x[rows]) - mean) / std).contiguous(memory_format=torch.channels_last)
        optimiser.zero_grad()
        loss = F.cross_entropy(net(batch), y[rows], label_smoothing=.05)
        loss.backward()
        optimiser.step()
        schedule.step()
net.eval()
with torch.no_grad():
    right = sum(int((net((tx[k:k + 500] - mean) / std).argmax(1) == ty[k:k + 500]).sum()) for k in range(0, len(tx), 500))
print(json.dumps({"peer": "pytorch " + torch.__version__, "epochs": a.epochs, "seed": a.seed,
                  "test_accuracy": right / len(tx), "seconds": round(time.perf_counter() - began)}))
