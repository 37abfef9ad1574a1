"""PGD by PyTorch's autograd, for commands: one line of JSON in, one line of JSON out.

  {"do": "load", "folder": F, "batch": N}     versions of what computes; milliseconds that it took
  {"do": "gradient", "file": F}               writes the loss gradient by the clean levels as .npy
  {"do": "steps", "count": K}                 milliseconds of an attack of K steps
  {"do": "forward", "count": K}               milliseconds of K predictions
  {"do": "rounding"}                          how far the first example's gradient is from that in float64, relatively
  {"do": "memory"}                            largest resident memory so far, in bytes (Linux)
  {"do": "library", "name": L, "count": K}    milliseconds of K steps of PGD by foolbox, torchattacks or art

The attack is that of our-step.ts: from the clean image, radius 4 and step 1 level, of the sum of all tasks' losses.
Answers to what failed are {"error": TEXT}.
"""
import argparse
import copy
import json
import os
import re
import sys
import time
from pathlib import Path

import numpy as np
import torch
from networks import SPECS, Levels
from torch.nn import functional

EPSILON, STEP, TOP = 4.0, 1.0, 255.0


class Attacked:
    """A loaded network with a batch of clean levels and their labels."""

    def __init__(self, folder, batch, memory_format):
        self.spec = SPECS[folder.name]
        model = Levels(self.spec).eval().requires_grad_(False)
        model.load_state_dict(torch.load(folder / 'weights.pt'))
        self.model = model.to(memory_format=memory_format)
        self.clean = first(folder / 'pixels.npy', batch).float().contiguous(memory_format=memory_format)
        self.labels = {task.name: first(folder / f'{task.name}.npy', batch) for task in self.spec.tasks}

    def loss(self, levels):
        """The sum over examples and tasks; that of one is a mean over its positions."""
        outputs = self.model(levels)
        return len(levels) * sum(self.loss_of(task, outputs[task.name]) for task in self.spec.tasks)

    def loss_of(self, task, output):
        labels = self.labels[task.name]
        if task.classes > 0:
            return functional.cross_entropy(output, labels.long())
        return functional.l1_loss(output, labels)

    def gradient(self, levels):
        levels = levels.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.loss(levels), levels)
        return gradient

    def rounding(self):
        """What float32 alone does to a gradient: near 0 it decides on which side of its kink a ReLU is."""
        exact = copy.copy(self)
        exact.model = copy.deepcopy(self.model).double()
        self_one, exact_one = self.of_one(torch.float32), exact.of_one(torch.float64)
        expected = exact_one.gradient(exact_one.clean)
        return float((self_one.gradient(self_one.clean) - expected).norm() / expected.norm())

    def of_one(self, dtype):
        """The same with the first example only."""
        one = copy.copy(self)
        one.clean = self.clean[:1].to(dtype)
        one.labels = {
            name: labels[:1].to(dtype) if labels.is_floating_point() else labels[:1]
            for name, labels in self.labels.items()
        }
        return one

    def pgd(self, steps):
        levels = self.clean
        for _ in range(steps):
            moved = levels + STEP * self.gradient(levels).sign()
            levels = (self.clean + (moved - self.clean).clamp(-EPSILON, EPSILON)).clamp(0, TOP)
        return levels

    @torch.no_grad()
    def forward(self, count):
        for _ in range(count):
            self.model(self.clean)

    def library(self, name, count):
        """An attack of a library; they know classifiers only."""
        if [task.kind for task in self.spec.tasks] != ['classification']:
            raise ValueError('expected a network with one classification for an attack of a library')
        return LIBRARIES[name](Logits(self.model), self.clean, self.labels['class'].long(), count)


def first(path, count):
    """So many examples; they come again where the file has fewer."""
    array = np.load(path)
    return torch.from_numpy(array[np.arange(count) % len(array)])


class Logits(torch.nn.Module):
    """The network as libraries want it; `unit` is what one level is of its input's."""

    def __init__(self, model, unit=1.0):
        super().__init__()
        self.model, self.unit = model, unit

    def forward(self, x):
        return self.model(x / self.unit)['class']


def foolbox(logits, clean, labels, count):
    from foolbox import PyTorchModel
    from foolbox.attacks import LinfPGD
    from foolbox.criteria import Misclassification

    attack = LinfPGD(rel_stepsize=None, abs_stepsize=STEP, steps=count, random_start=False)
    model = PyTorchModel(logits.eval(), bounds=(0, TOP), device='cpu')
    return lambda: attack.run(model, clean, Misclassification(labels), epsilon=EPSILON)


def torchattacks(logits, clean, labels, count):
    from torchattacks import PGD

    # This one takes images in [0, 1] only.
    model = Logits(logits.model, unit=1 / TOP).eval()
    attack = PGD(model, eps=EPSILON / TOP, alpha=STEP / TOP, steps=count, random_start=False)
    return lambda: attack(clean / TOP, labels)


def art(logits, clean, labels, count):
    from art.attacks.evasion import ProjectedGradientDescentPyTorch
    from art.estimators.classification import PyTorchClassifier

    loss = torch.nn.CrossEntropyLoss()
    shape = tuple(clean.shape[1:])
    model = PyTorchClassifier(
        logits.eval(), loss=loss, input_shape=shape, nb_classes=1000, clip_values=(0, TOP), device_type='cpu'
    )
    attack = ProjectedGradientDescentPyTorch(
        model, norm=np.inf, eps=EPSILON, eps_step=STEP, max_iter=count, batch_size=len(clean), verbose=False
    )
    return lambda: attack.generate(clean.numpy(), labels.numpy())


LIBRARIES = {'foolbox': foolbox, 'torchattacks': torchattacks, 'art': art}


def versions():
    """What computes, as PyTorch tells it, and the libraries of linear algebra that this process really has loaded."""
    config = torch.__config__.show()
    found = [re.search(pattern, config) for pattern in (r'MKL-DNN v[\d.]+', r'BLAS_INFO=\w+', r'capability usage: \w+')]
    with open('/proc/self/maps') as maps:
        paths = {os.path.realpath(line.split()[-1]) for line in maps if re.search(r'blas|mkl|dnnl|libgomp|libiomp', line)}
    return {
        'Python': sys.version.split()[0],
        'PyTorch': torch.__version__,
        'config': ', '.join(match.group() for match in found if match),
        # The folder tells them apart: Debian calls every BLAS libblas.so.3.
        'loaded': ', '.join(sorted('/'.join(path.split('/')[-2:]) for path in paths)),
    }


def peak_bytes():
    """Of this process alone: what getrusage tells begins with the memory of whoever started it."""
    with open('/proc/self/status') as status:
        return 1024 * int(re.search(r'VmHWM:\s*(\d+)', status.read()).group(1))


def timed(action):
    start = time.perf_counter()
    action()
    return {'ms': 1000 * (time.perf_counter() - start)}


class Server:
    """Answers commands."""

    def __init__(self, memory_format):
        self.memory_format = memory_format
        self.attacked = None

    def load(self, folder, batch):
        def load():
            self.attacked = Attacked(Path(folder), batch, self.memory_format)

        return {**timed(load), 'versions': versions()}

    def gradient(self, file):
        np.save(file, self.attacked.gradient(self.attacked.clean).contiguous().numpy())
        return {}

    def steps(self, count):
        return timed(lambda: self.attacked.pgd(count))

    def forward(self, count):
        return timed(lambda: self.attacked.forward(count))

    def rounding(self):
        return {'rounding': self.attacked.rounding()}

    def memory(self):
        return {'peakBytes': peak_bytes()}

    def library(self, name, count):
        return timed(self.attacked.library(name, count))

    def answer(self, line):
        command = json.loads(line)
        names = {'load', 'gradient', 'steps', 'forward', 'rounding', 'memory', 'library'}
        name = command.pop('do')
        if name not in names:
            raise ValueError(f'expected one of {", ".join(sorted(names))}, got {name}')
        return getattr(self, name)(**command)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--threads', type=int, required=True)
    parser.add_argument('--channels-last', action='store_true', help='lay images and weights out with channels last')
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    server = Server(torch.channels_last if arguments.channels_last else torch.contiguous_format)
    # Libraries print what they like: answers have a stream of their own.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), 'w')
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        try:
            answer = server.answer(line)
        except Exception as error:  # whatever it is, the one who asked has to hear of it
            answer = {'error': f'{type(error).__name__}: {error}'}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == '__main__':
    main()
