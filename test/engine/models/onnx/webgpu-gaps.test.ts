import test from 'ava';
import { gapsIn, isWebGpuGap } from '../../../../src/engine/models/onnx/webgpu-gaps.js';
import type { NodeDef, TensorValue } from '../../../../src/engine/onnx/graph.js';
import type { Shape } from '../../../../src/engine/tensor/shape.js';
import { floats, integers, node } from '../../../support/models.js';

type Known = Readonly<Record<string, Shape | TensorValue>>;

const isGap = (of: NodeDef, known: Known = {}): boolean =>
  isWebGpuGap(of, {
    shapeOf: (name) => (name in known ? shapeOf(known[name] as Shape | TensorValue) : undefined),
    constantOf: (name) =>
      name in known && 'bytes' in (known[name] as object) ? (known[name] as TensorValue) : undefined,
  });
const shapeOf = (value: Shape | TensorValue): Shape => ('shape' in value ? value.shape : value);

const gaps: readonly (readonly [when: string, node: NodeDef, known?: Known])[] = [
  ['MaxPool with indices', node('MaxPool', 'x', 'y i')],
  ['Conv of volumes in groups', node('Conv', 'x w', 'y', { group: 2 }), { x: [1, 2, 4, 4, 4], w: [2, 1, 2, 2, 2] }],
  ['ConvTranspose of volumes', node('ConvTranspose', 'x w', 'y'), { x: [1, 2, 4, 4, 4], w: [2, 1, 2, 2, 2] }],
  ['ConvTranspose, two to one', node('ConvTranspose', 'x w', 'y', { group: 3 }), { x: [1, 6, 3, 3], w: [6, 1, 3, 3] }],
  ['Slice backwards', node('Slice', 'x s e a t', 'y'), { t: integers([1, -2]) }],
  ['ScatterElements that adds', node('ScatterElements', 'x i u', 'y', { reduction: 'add' })],
  ['ScatterND that adds', node('ScatterND', 'x i u', 'y', { reduction: 'add' })],
  ['Sin', node('Sin', 'x', 'y')],
  ['ReduceLogSumExp', node('ReduceLogSumExp', 'x a', 'y'), { a: integers([1]) }],
  ['ReduceL1 over no axes', node('ReduceL1', 'x', 'y', { noop_with_empty_axes: 1 })],
  ['ReduceL2 over an empty list', node('ReduceL2', 'x a', 'y', { noop_with_empty_axes: 1 }), { a: integers([]) }],
  ['Einsum with an ellipsis', node('Einsum', 'a b', 'y', { equation: '...ij,jk->...ik' })],
  ['Einsum that broadcasts', node('Einsum', 'a b', 'y', { equation: 'bij,bjk->bik' }), { a: [1, 2, 3], b: [2, 3, 4] }],
  ['Resize with antialiasing', node('Resize', 'x - s', 'y', { mode: 'linear', antialias: 1 })],
  ['Resize along channels', node('Resize', 'x - s', 'y', { mode: 'linear' }), { x: [1, 4, 5, 3], y: [1, 8, 5, 3] }],
  ['Resize that shifts', node('Resize', 'x - s', 'y'), { x: [1, 4], y: [1, 4], s: floats([1, 1.1]) }],
];
for (const [when, of, known] of gaps) test(`WebGPU is not given: ${when}`, (t) => t.true(isGap(of, known)));

const usual: readonly (readonly [when: string, node: NodeDef, known?: Known])[] = [
  ['MaxPool', node('MaxPool', 'x', 'y')],
  ['Conv in groups', node('Conv', 'x w', 'y', { group: 2 }), { x: [1, 4, 4, 4], w: [4, 2, 3, 3] }],
  ['ConvTranspose', node('ConvTranspose', 'x w', 'y'), { x: [1, 4, 4, 4], w: [4, 1, 3, 3] }],
  ['ConvTranspose, depthwise', node('ConvTranspose', 'x w', 'y', { group: 4 }), { x: [1, 4, 4, 4], w: [4, 1, 3, 3] }],
  ['Slice forwards', node('Slice', 'x s e a t', 'y'), { t: integers([2]) }],
  ['ReduceL1 over axes', node('ReduceL1', 'x a', 'y', { noop_with_empty_axes: 1 }), { a: integers([1]) }],
  ['Einsum', node('Einsum', 'a b', 'y', { equation: 'bij, bjk -> bik' }), { a: [2, 2, 3], b: [2, 3, 4] }],
  ['Resize', node('Resize', 'x - s', 'y', { mode: 'linear' }), { x: [1, 3, 4, 5], y: [1, 3, 8, 10] }],
  ['Resize of channels to the nearest', node('Resize', 'x - s', 'y'), { x: [1, 4, 5, 3], y: [1, 8, 5, 3] }],
  ['ScatterElements', node('ScatterElements', 'x i u', 'y')],
  ['an operator of another domain', node('my.domain:Sin', 'x', 'y')],
];
for (const [when, of, known] of usual) test(`WebGPU is given: ${when}`, (t) => t.false(isGap(of, known)));

test('nodes of a file are told by their names', (t) => {
  const nodes = [node('Sin', 'x', 'y'), { ...node('Cos', 'y', 'z'), name: '' }, node('Relu', 'z', 'r')];
  t.deepEqual(gapsIn(nodes, new Map()), ['Sin y']);
});
