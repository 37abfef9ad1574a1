import test from 'ava';
import type { NodeDef, TensorValue } from '../../../../../src/engine/onnx/graph.js';
import { importModel } from '../../../../../src/engine/onnx/import/import-model.js';
import { operatorName } from '../../../../../src/engine/onnx/node.js';
import {
  bytes,
  expectSameOutputs,
  type Feeds,
  floats,
  inputsOf,
  model,
  node,
  numbers,
  randomFloats,
  randomInput,
  reread,
  runModel,
} from '../../../../support/models.js';

interface Case {
  readonly node: NodeDef;
  readonly feeds: Feeds;
  readonly initializers?: Readonly<Record<string, TensorValue>>;
}

const [B, H, L, S, D] = [2, 4, 5, 7, 6];
const split = { q: randomInput([B, H, L, D]), k: randomInput([B, H, S, D]), v: randomInput([B, H, S, 3]) };
const joined = { q: randomInput([B, L, H * D]), k: randomInput([B, S, H * D]), v: randomInput([B, S, H * 3]) };
const heads = { q_num_heads: H, kv_num_heads: H };
const some = (count: number): boolean[] => Array.from({ length: count }, (_, i) => i % 3 !== 1);
const truths = (shape: readonly number[]) => bytes('bool', some(shape.reduce((a, b) => a * b, 1)).map(Number), shape);

/** Told in standard operators, and with the outputs that ONNX Runtime's own kernel has. */
const lowers = test.macro<[what: Case]>({
  title: (when, what) => `${operatorName(what.node)} is told in standard operators: ${when}`,
  async exec(t, what) {
    const domains = { 'com.microsoft': 1 };
    const parts = {
      nodes: [what.node],
      inputs: inputsOf(what.feeds),
      outputs: ['y'],
      initializers: what.initializers ?? {},
    };
    const original = model({ ...parts, domains, opset: what.node.domain === '' ? 23 : 18, irVersion: 10 });
    const imported = importModel(reread(original));
    t.false(imported.graph.nodes.map(operatorName).some((name) => name.endsWith('ttention')));
    expectSameOutputs(t, await runModel(imported, what.feeds), await runModel(original, what.feeds), 2e-6);
  },
});

const stays = test.macro<[what: Case]>({
  title: (when, what) => `${operatorName(what.node)} stays as it is: ${when}`,
  exec(t, what) {
    const parts = {
      nodes: [what.node],
      inputs: inputsOf(what.feeds),
      outputs: ['y'],
      initializers: what.initializers ?? {},
    };
    const original = model({ ...parts, domains: { 'com.microsoft': 1 }, opset: what.node.domain === '' ? 23 : 18 });
    const { graph } = importModel(reread(original));
    t.deepEqual(
      graph.nodes.map(({ opType }) => opType),
      [what.node.opType],
    );
  },
});

const standard = (inputs: string, attributes: Parameters<typeof node>[3] = {}) =>
  node('Attention', inputs, 'y', attributes);
test('of four axes', lowers, { node: standard('q k v'), feeds: split });
test('of three axes', lowers, { node: standard('q k v', heads), feeds: joined });
test('with a scale of its own', lowers, { node: standard('q k v', { scale: { float: 0.3 } }), feeds: split });
test('causal', lowers, { node: standard('q k v', { is_causal: 1 }), feeds: split });
test('with a soft cap', lowers, { node: standard('q k v', { softcap: { float: 0.5 } }), feeds: split });
test('with a mask of numbers', lowers, {
  node: standard('q k v mask'),
  feeds: split,
  initializers: { mask: randomFloats([B, 1, L, S], 'mask') },
});
test('with a mask of truths', lowers, {
  node: standard('q k v mask', { is_causal: 1 }),
  feeds: split,
  initializers: { mask: truths([L, S]) },
});
test('with keys that queries share', lowers, {
  node: standard('q k v'),
  feeds: { q: randomInput([B, 6, L, D]), k: randomInput([B, 2, S, D]), v: randomInput([B, 2, S, 3]) },
});
test('with keys that queries share, side by side', lowers, {
  node: standard('q k v', { q_num_heads: 4, kv_num_heads: 2 }),
  feeds: { q: randomInput([B, L, 4 * D]), k: randomInput([B, S, 2 * D]), v: randomInput([B, S, 2 * 3]) },
});
test('with a mask that is computed', stays, {
  node: standard('q k v mask'),
  feeds: { ...split, mask: randomInput([L, S]) },
});

const several = (inputs: string, attributes: Parameters<typeof node>[3] = {}) =>
  node('com.microsoft:MultiHeadAttention', inputs, 'y', { num_heads: H, ...attributes });
test('queries, keys and values apart', lowers, { node: several('q k v'), feeds: joined });
test('with biases', lowers, {
  node: several('q k v b'),
  feeds: { ...joined, v: randomInput([B, S, H * D]) },
  initializers: { b: randomFloats([3 * H * D], 'b') },
});
test('with something added to the scores', lowers, {
  node: several('q k v - - bias'),
  feeds: joined,
  initializers: { bias: randomFloats([B, H, L, S], 'bias') },
});
test('with a scale', lowers, { node: several('q k v', { scale: { float: 0.2 } }), feeds: joined });

const width = H * D;
const packed = { w: randomFloats([8, 3 * width], 'w'), b: randomFloats([3 * width], 'b') };
test('of one product', lowers, {
  node: node('com.microsoft:Attention', 'x w b', 'y', { num_heads: H }),
  feeds: { x: randomInput([B, L, 8]) },
  initializers: packed,
});
test('of one product, causal', lowers, {
  node: node('com.microsoft:Attention', 'x w b', 'y', { num_heads: H, unidirectional: 1 }),
  feeds: { x: randomInput([B, L, 8]) },
  initializers: packed,
});
test('of one product, with values of another size', lowers, {
  node: node('com.microsoft:Attention', 'x w b', 'y', {
    num_heads: 2,
    qkv_hidden_sizes: { type: 'ints', value: [8, 8, 4] },
  }),
  feeds: { x: randomInput([B, L, 8]) },
  initializers: { w: randomFloats([8, 20], 'w'), b: floats(numbers([20], (i) => i / 10)) },
});
