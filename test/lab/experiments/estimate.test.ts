import test from 'ava';
import { multiplyAdds } from '../../../src/engine/onnx/multiply-adds.js';
import { estimate, NETWORK_COSTS, workOf } from '../../../src/lab/experiments/estimate.js';
import { experimentOf } from '../../../src/lab/experiments/list.js';
import { scaleOf } from '../../../src/lab/experiments/scales.js';
import { workPlan } from '../../../src/lab/experiments/work-plan.js';
import { networkOf } from '../../../src/lab/networks/network-of.js';

/** Multiplications of a network for each pixel of a large input: how far every convolution shrinks and grows it. */
function perPixel(architecture: string, tasks: readonly string[]): number {
  const { graph } = networkOf({ architecture, tasks, decoders: 'separate', seed: 0 }).model;
  const side = 256;
  const shapes = new Map<string, readonly number[]>([...graph.initializers].map(([name, { shape }]) => [name, shape]));
  for (const { name } of graph.inputs) shapes.set(name, [1, 3, side, side]);
  let total = 0;
  for (const node of graph.nodes) {
    const data = node.inputs.map((name) => shapes.get(name)).find((shape) => shape?.length === 4) ?? [];
    const weights = shapes.get(node.inputs[1] ?? '') ?? [];
    const strides = node.attributes.get('strides');
    const stride = strides?.type === 'ints' ? Number(strides.value[0]) : 1;
    const [, , height = 0] = data;
    const resized = node.opType === 'ConvTranspose' ? height * stride : height / stride;
    const channels = node.opType === 'Conv' ? weights[0] : node.opType === 'ConvTranspose' ? weights[1] : data[1];
    for (const output of node.outputs) shapes.set(output, [1, channels ?? 0, resized, resized]);
    total += multiplyAdds(node, (name) => shapes.get(name));
  }
  return total / side ** 2;
}

for (const [architecture, first, second] of [
  ['drn-d-22-small', 'segmentation', 'depth'],
  ['resnet18-taskonomy-small', 'depth-zbuffer', 'edge-texture'],
] as const) {
  test(`the cost of ${architecture} is that of its graph`, (t) => {
    const { shared = 0, task = 0 } = NETWORK_COSTS[architecture] ?? {};
    const near = (got: number, expected: number) => t.true(Math.abs(got / expected - 1) < 0.05, `${got}, ${expected}`);
    near(shared + task, perPixel(architecture, [first]));
    near(shared + 2 * task, perPixel(architecture, [first, second]));
  });
}

const items = workPlan([experimentOf('table2', scaleOf('small'))]);

test('what is finished takes no time, and says how fast the rest goes', (t) => {
  const [data, model] = [items[0], items[1]];
  if (data === undefined || model === undefined) return t.fail();
  const timed = items.map((item) => ({ item, seconds: item === model ? 10 : undefined }));
  const estimates = estimate(timed);
  t.like(estimates[1], { isDone: true, seconds: 0 });
  const other = estimates.find(({ item, isDone }) => item.kind === 'model' && !isDone);
  if (other === undefined) return t.fail();
  t.is(other.seconds, (10 * workOf(other.item)) / workOf(model));
});

test('an attack of twice the steps costs nearly twice as much, and Fig. 4b no more for its subset', (t) => {
  const cellOf = (attack: string) => {
    const found = items.find(
      (item) => item.kind === 'cell' && item.cell.kind === 'attack' && item.cell.attack === attack,
    );
    return found === undefined ? Number.NaN : workOf(found);
  };
  const ratio = cellOf('pgd(steps=100,eps=4)@sum(segmentation=1)') / cellOf('pgd(steps=50,eps=4)@sum(segmentation=1)');
  t.true(ratio > 1.9 && ratio < 2, `${ratio}`);
});
