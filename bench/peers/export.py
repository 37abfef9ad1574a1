"""Writes the networks of the comparison with PyTorch: for each a folder with

  model.yaml                      what robustgate is told of it (JSON, which is YAML)
  model.onnx, or model-bN.onnx    the graph for any batch, or for a batch of N
  weights.pt                      the same weights for PyTorch
  pixels.npy, <task>.npy          8 random images, uint8 [8, 3, H, W], and random labels

Everything is made from fixed seeds. Needs PyTorch 1.13 or newer, torchvision and NumPy (Debian: python3-torch,
python3-torchvision, python3-numpy).
"""
import argparse
import json
import warnings
from pathlib import Path

import numpy as np
import torch
from networks import SPECS, build

EXAMPLES = 8
OPSET = 17


class Outputs(torch.nn.Module):
    """The outputs as a tuple, as the exporter wants them."""

    def __init__(self, network, tasks):
        super().__init__()
        self.network, self.tasks = network, tasks

    def forward(self, x):
        outputs = self.network(x)
        return tuple(outputs[task.name] for task in self.tasks)


def export(spec, folder, batches):
    folder.mkdir(parents=True, exist_ok=True)
    module = build(spec)
    torch.save(module.state_dict(), folder / 'weights.pt')
    (folder / 'model.yaml').write_text(json.dumps(config_of(spec), indent=2) + '\n')
    network = Outputs(module.network, spec.tasks).eval()
    for batch in [None] if spec.any_batch else batches:
        name = 'model.onnx' if batch is None else f'model-b{batch}.onnx'
        export_graph(spec, network, folder / name, batch)
    write_examples(spec, folder)


def export_graph(spec, network, path, batch):
    names = ['input', *(task.name for task in spec.tasks)]
    torch.onnx.export(
        network,
        torch.zeros(batch or 2, 3, *spec.size),
        str(path),
        opset_version=OPSET,
        input_names=names[:1],
        output_names=names[1:],
        dynamic_axes={name: {0: 'batch'} for name in names} if batch is None else None,
    )


def config_of(spec):
    return {
        'description': f'{spec.name} with random weights, for benchmarks.',
        'input': {'kind': 'image', 'layout': 'NCHW', 'colorOrder': 'RGB', 'mean': spec.mean, 'std': spec.std},
        'tasks': [{'name': task.name, 'kind': task.kind} for task in spec.tasks],
    }


def write_examples(spec, folder):
    random = np.random.default_rng(1)
    height, width = spec.size
    np.save(folder / 'pixels.npy', random.integers(0, 256, (EXAMPLES, 3, height, width), dtype=np.uint8))
    for task in spec.tasks:
        if task.kind == 'classification':
            labels = random.integers(0, task.classes, EXAMPLES, dtype=np.int32)
        elif task.classes > 0:
            labels = random.integers(0, task.classes, (EXAMPLES, height, width), dtype=np.int32)
        else:
            labels = random.random((EXAMPLES, task.channels, height, width), dtype=np.float32)
        np.save(folder / f'{task.name}.npy', labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('out', type=Path)
    parser.add_argument('names', nargs='*', metavar='NAME', help=f'of {", ".join(SPECS)}; default: all')
    parser.add_argument('--batches', default='1,8', help='for networks whose graph is of one batch (default: %(default)s)')
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(SPECS)
    if unknown:
        parser.error(f'expected networks of {", ".join(SPECS)}, got {", ".join(sorted(unknown))}')
    warnings.filterwarnings('ignore')
    batches = [int(batch) for batch in arguments.batches.split(',')]
    for name in arguments.names or SPECS:
        export(SPECS[name], arguments.out / name, batches)
        print(arguments.out / name, flush=True)


if __name__ == '__main__':
    main()
