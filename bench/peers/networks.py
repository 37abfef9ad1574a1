"""The networks of the comparison, in PyTorch, with random weights.

Each takes pixels in levels, float32 [N, 3, H, W] in 0-255, and returns a dictionary of outputs by task. The part behind
the normalisation, `network`, is what is exported.
"""
from dataclasses import dataclass

import torch
from torch import nn
from torchvision import models

SEED = 1


@dataclass(frozen=True)
class Task:
    """One output; `classes` is 0 for a task whose labels are numbers of the output's shape."""

    name: str
    kind: str
    channels: int
    classes: int = 0


@dataclass(frozen=True)
class Spec:
    """What is known of a network before it is built; mean and standard deviation are of pixels / 255."""

    name: str
    make: type
    size: tuple
    mean: tuple
    std: tuple
    tasks: tuple
    # Whether the exported graph takes any batch: Swin's windows are counted while it is traced.
    any_batch: bool = True


class Levels(nn.Module):
    """A network behind the normalisation of levels to what it takes."""

    def __init__(self, spec):
        super().__init__()
        self.network = spec.make(spec)
        mean = torch.tensor(spec.mean).view(1, 3, 1, 1)
        std = torch.tensor(spec.std).view(1, 3, 1, 1)
        self.register_buffer('scale', 1 / (255 * std))
        self.register_buffer('offset', -mean / std)

    def forward(self, levels):
        return self.network(levels * self.scale + self.offset)


def conv_norm(inputs, outputs, kernel, stride=1, dilation=1):
    padding = dilation * (kernel - 1) // 2
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=False)
    return [conv, nn.BatchNorm2d(outputs)]


class DilatedBlock(nn.Module):
    """Two convolutions and a shortcut, which is a convolution of its own where the shape changes."""

    def __init__(self, inputs, outputs, stride, dilation):
        super().__init__()
        self.conv1, self.bn1 = conv_norm(inputs, outputs, 3, stride, dilation)
        self.conv2, self.bn2 = conv_norm(outputs, outputs, 3, 1, dilation)
        same = stride == 1 and inputs == outputs
        self.downsample = None if same else nn.Sequential(*conv_norm(inputs, outputs, 1, stride))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        branch = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(branch + shortcut)


class DRN(nn.Module):
    """The trunk of DRN-D-22 and, for each task, one convolution and a fixed bilinear upsampling, as in src/lab/networks/drn-d.ts.

    Sources: Yu, Koltun and Funkhouser, "Dilated Residual Networks", CVPR 2017 (arXiv:1705.09914); Mao et al.,
    "Multitask Learning Strengthens Adversarial Robustness", ECCV 2020 (arXiv:2007.07236).
    """

    STAGES = ((64, 2, 1), (128, 2, 1), (256, 1, 2), (512, 1, 4))

    def __init__(self, spec):
        super().__init__()
        relu = nn.ReLU(inplace=True)
        stem = [conv_norm(3, 16, 7), conv_norm(16, 16, 3), conv_norm(16, 32, 3, stride=2)]
        layers = [nn.Sequential(*layer, relu) for layer in stem]
        width = 32
        for channels, stride, dilation in self.STAGES:
            first = DilatedBlock(width, channels, stride, dilation)
            layers.append(nn.Sequential(first, DilatedBlock(channels, channels, 1, dilation)))
            width = channels
        layers.append(nn.Sequential(*conv_norm(width, 512, 3, dilation=2), relu))
        layers.append(nn.Sequential(*conv_norm(512, 512, 3), relu))
        self.trunk = nn.Sequential(*layers)
        self.heads = nn.ModuleDict({task.name: nn.Conv2d(512, task.channels, 1) for task in spec.tasks})
        self.ups = nn.ModuleDict({task.name: bilinear_upsampling(task.channels) for task in spec.tasks})

    def forward(self, x):
        features = self.trunk(x)
        outputs = {name: self.ups[name](head(features)) for name, head in self.heads.items()}
        return {**outputs, 'segmentation': outputs['segmentation'].log_softmax(1)}


def bilinear_upsampling(channels, factor=8):
    up = nn.ConvTranspose2d(channels, channels, 2 * factor, factor, factor // 2, groups=channels, bias=False)
    rising = (2 * torch.arange(factor) + 1) / (2 * factor)
    triangle = torch.cat([rising, rising.flip(0)])
    up.weight.data.copy_(triangle[:, None] * triangle[None, :])
    up.is_fixed = True
    return up


class Taskonomy(nn.Module):
    """ResNet-18 without its classifier, and a decoder of its own for each task, as in the paper on Taskonomy."""

    def __init__(self, spec):
        super().__init__()
        layers = list(models.resnet18(weights=None).children())[:-2]
        self.encoder = nn.Sequential(*layers)
        self.decoders = nn.ModuleDict({task.name: decoder(task.channels) for task in spec.tasks})

    def forward(self, x):
        features = self.encoder(x)
        return {name: decode(features) for name, decode in self.decoders.items()}


def decoder(outputs):
    layers = []
    widths = [512, 256, 128, 64, 48, 32]
    for wide, narrow in zip(widths, widths[1:]):
        layers += [nn.ConvTranspose2d(wide, narrow, 2, 2), nn.BatchNorm2d(narrow), nn.ReLU(inplace=True)]
        if narrow != widths[-1]:
            layers += [nn.Conv2d(narrow, narrow, 3, padding=1), nn.BatchNorm2d(narrow), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], outputs, 3, padding=1))


class Classifier(nn.Module):
    """A classifier of torchvision, by its name there."""

    def __init__(self, spec):
        super().__init__()
        self.classifier = getattr(models, spec.name.replace('-', '_'))(weights=None)

    def forward(self, x):
        return {'class': self.classifier(x)}


CITYSCAPES = dict(mean=(0.2901, 0.3281, 0.2870), std=(0.1830, 0.1866, 0.1845))
IMAGENET = dict(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
CENTRED = dict(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
CLASS = (Task('class', 'classification', 1000, 1000),)

SPECS = {
    spec.name: spec
    for spec in (
        Spec(
            'drn-d-22',
            DRN,
            (336, 680),
            tasks=(Task('segmentation', 'semantic-segmentation', 19, 19), Task('depth', 'depth', 1)),
            **CITYSCAPES,
        ),
        Spec(
            'resnet18-taskonomy',
            Taskonomy,
            (256, 256),
            tasks=(
                # The head has a class that no label names.
                Task('segmentation', 'semantic-segmentation', 18, 17),
                Task('depth', 'depth', 1),
                Task('normals', 'normals', 3),
            ),
            **CENTRED,
        ),
        Spec('mobilenet-v3-large', Classifier, (224, 224), tasks=CLASS, **IMAGENET),
        Spec('swin-t', Classifier, (224, 224), tasks=CLASS, any_batch=False, **IMAGENET),
    )
}


def build(spec):
    """The network in eval mode; weights, frozen, and the statistics of batch norms come from a fixed seed."""
    torch.manual_seed(SEED)
    module = Levels(spec)
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
    for part in module.modules():
        if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d)) and not getattr(part, 'is_fixed', False):
            nn.init.kaiming_normal_(part.weight, nonlinearity='relu')
    for norm in norms:
        nn.init.uniform_(norm.weight, 0.75, 1.25)
        nn.init.normal_(norm.bias, std=0.1)
        # What noise gives: with statistics that do not fit, outputs explode, and float32 is too coarse for gradients.
        norm.momentum = 1
    with torch.no_grad():
        module.train()(255 * torch.rand(2, 3, *spec.size))
    for norm in norms:
        norm.running_var *= 0.75 + 0.5 * torch.rand(norm.running_var.shape)
    return module.eval().requires_grad_(False)
