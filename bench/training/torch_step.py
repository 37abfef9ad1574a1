"""One training step by PyTorch's autograd of a graph that test/support/training-step.ts wrote, for commands: one line of JSON in,
one line of JSON out.

  {"do": "load", "folder": F, "batch": N}     milliseconds that it took, and versions; N is that of the folder
  {"do": "gradient", "file": F}               writes losses [N, T], the derivative by each parameter and the statistics of each
                                              batch norm in the order of step.json, float32 one after another
  {"do": "steps", "count": K}                 milliseconds of K steps (losses and their derivative by all parameters), and of all
                                              cores for them
  {"do": "memory"}                            largest resident memory so far, in bytes (Linux)

The network is run node by node as the file has it. Answers to what failed are {"error": TEXT}.
"""
import argparse
import json
import re
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional


class Step:
    """A network with a batch of labelled examples."""

    def __init__(self, folder, dtype):
        step = json.loads((folder / 'step.json').read_text())
        numbers = np.memmap(folder / 'tensors.bin', dtype=np.float32, mode='r')
        self.values = {}
        for tensor in step['tensors']:
            size = int(np.prod(tensor['shape'], dtype=np.int64))
            part = np.array(numbers[tensor['offset'] : tensor['offset'] + size])
            self.values[tensor['name']] = torch.from_numpy(part.reshape(tensor['shape'])).to(dtype)
        self.nodes, self.tasks = step['nodes'], step['tasks']
        self.parameters = [self.values[name].requires_grad_() for name in step['parameters']]
        self.uses_batch = step['batchNorm'] == 'batch'
        # By the name of the running mean, in order: what the batch has.
        self.statistics = {mean: None for mean, _ in step['statistics']}

    def losses(self):
        values = dict(self.values)
        values[INPUT] = values['pixels'] * values['scale'] + values['offset']
        for node in self.nodes:
            inputs = [values[name] if name else None for name in node['inputs']]
            values[node['outputs'][0]] = self.run(node, inputs)
        columns = [self.loss_of(task, values[task['output']]) for task in self.tasks]
        return torch.stack(columns, dim=1)

    def loss_of(self, task, output):
        """Of each example: the mean over its valid elements, weighted by those of their classes."""
        labels, valid = self.values['labels:' + task['name']], self.values['valid:' + task['name']]
        if task['loss'] == 'cross-entropy':
            errors = functional.cross_entropy(output, labels.long(), reduction='none')
            if task['classWeights']:
                valid = valid * torch.tensor(task['classWeights'], dtype=output.dtype)[labels.long()]
        elif task['loss'] == 'l1':
            errors = (output - labels).abs()
        elif task['loss'] == 'mse':
            errors = (output - labels) ** 2
        else:
            raise ValueError(f"expected a loss of cross-entropy, l1 or mse, got {task['loss']}")
        return (errors * valid).flatten(1).sum(1) / valid.flatten(1).sum(1)

    def gradients(self):
        losses = self.losses()
        weighted = (losses * self.values['weights']).sum()
        return losses, torch.autograd.grad(weighted, self.parameters)

    def run(self, node, inputs):
        attributes = node['attributes']
        kind = node['opType']
        if kind == 'Conv':
            window = dict(stride=attributes['strides'], dilation=attributes['dilations'], padding=pads(attributes))
            return functional.conv2d(*with_bias(inputs), groups=attributes.get('group', 1), **window)
        if kind == 'ConvTranspose':
            window = dict(stride=attributes['strides'], padding=pads(attributes))
            return functional.conv_transpose2d(*with_bias(inputs), groups=attributes.get('group', 1), **window)
        if kind == 'BatchNormalization':
            return self.norm(node, inputs, attributes['epsilon'])
        if kind == 'MaxPool':
            return functional.max_pool2d(inputs[0], attributes['kernel_shape'], attributes['strides'], pads(attributes))
        if kind == 'Resize':
            scales = [float(scale) for scale in inputs[2][2:]]
            return functional.interpolate(inputs[0], scale_factor=scales, mode='bilinear', align_corners=False)
        if kind == 'LogSoftmax':
            return functional.log_softmax(inputs[0], attributes['axis'])
        if kind == 'Relu':
            return functional.relu(inputs[0])
        if kind == 'Add':
            return inputs[0] + inputs[1]
        if kind == 'Identity':
            return inputs[0]
        raise ValueError(f'expected an operator of the networks of the lab, got {kind}')

    def norm(self, node, inputs, epsilon):
        x, gamma, beta, mean, variance = inputs
        if not self.uses_batch:
            return functional.batch_norm(x, mean, variance, gamma, beta, eps=epsilon)
        # With momentum 1 what is left in them is what the batch has.
        own = torch.zeros_like(mean), torch.zeros_like(variance)
        y = functional.batch_norm(x, *own, gamma, beta, training=True, momentum=1.0, eps=epsilon)
        self.statistics[node['inputs'][3]] = own
        return y


INPUT = 'input'


def pads(attributes):
    top, left, bottom, right = attributes.get('pads', [0, 0, 0, 0])
    if (top, left) != (bottom, right):
        raise ValueError(f'expected the same pads on both sides, got {[top, left, bottom, right]}')
    return top, left


def with_bias(inputs):
    return inputs if len(inputs) == 3 else [*inputs, None]


def answer(command, options, state):
    kind = command['do']
    if kind == 'load':
        start = time.perf_counter()
        state['step'] = Step(Path(command['folder']), torch.float64 if options.float64 else torch.float32)
        milliseconds = 1e3 * (time.perf_counter() - start)
        return {'ms': milliseconds, 'versions': {'PyTorch': torch.__version__, 'threads': str(torch.get_num_threads())}}
    if kind == 'memory':
        return {'peakBytes': 1024 * int(re.search(r'VmHWM:\s*(\d+)', Path('/proc/self/status').read_text())[1])}
    step = state['step']
    if kind == 'gradient':
        losses, gradients = step.gradients()
        statistics = [part for own in step.statistics.values() if own is not None for part in own]
        with open(command['file'], 'wb') as file:
            for tensor in [losses, *gradients, *statistics]:
                tensor.detach().numpy().astype(np.float32).tofile(file)
        return {}
    if kind == 'steps':
        start, busy = time.perf_counter(), time.process_time()
        for _ in range(command['count']):
            step.gradients()
        return {'ms': 1e3 * (time.perf_counter() - start), 'cpuMs': 1e3 * (time.process_time() - busy)}
    raise ValueError(f'expected a command, got {kind}')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--float64', action='store_true')
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    state = {}
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), options, state)
        except Exception as error:  # told to whoever asked
            reply = {'error': f'{type(error).__name__}: {error}'}
        print(json.dumps(reply), flush=True)


main()
