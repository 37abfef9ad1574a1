import test from 'ava';
import { compareWithOriginal, hasFewerBits } from '../../../../src/engine/models/onnx/faithfulness.js';
import { growGraph } from '../../../../src/engine/onnx/builder.js';
import { float32Tensor } from '../../../../src/engine/onnx/tensor-value.js';
import type { Tensor } from '../../../../src/engine/tensor/tensor.js';
import { map } from '../../../../src/engine/tensor/tensor.js';
import { node, runtime } from '../../../support/small-models.js';

/** A rewritten network with outputs 2x and −x of x = level / 255. */
function network() {
  const g = growGraph(undefined, 18);
  const x = g.addInput('x', 'float32', [1, 8]);
  return g.finish([g.named(g.op('Add', [x, x]), 'double'), g.named(g.op('Neg', [x]), 'negative')]);
}

const compare = (
  double: (x: number) => number,
  negative: (x: number) => number = (x) => -x,
  isCoarse = false,
  unoptimised = double,
) =>
  compareWithOriginal({
    network: network(),
    input: 'x',
    shape: [1, 8],
    extraInputs: new Map(),
    normalise: (levels) => map(levels, (level) => level / 255),
    original: async (levels: Tensor) =>
      new Map([
        ['double', map(levels, (level) => double(level / 255))],
        ['negative', map(levels, (level) => negative(level / 255))],
      ]),
    unoptimised: async (levels: Tensor) =>
      new Map([
        ['double', map(levels, (level) => unoptimised(level / 255))],
        ['negative', map(levels, (level) => negative(level / 255))],
      ]),
    isCoarse,
    provider: 'cpu',
    runtime,
  });

test('a network that repeats the original has no worst output', async (t) => {
  t.is((await compare((x) => 2 * x)).worst, undefined);
});

test('a difference beyond a hundred thousandth of the largest output is told, with the output', async (t) => {
  t.is((await compare((x) => 2 * x * (1 + 5e-6))).worst, undefined);
  const { worst } = await compare((x) => 2 * x * (1 + 2e-5));
  t.is(worst?.output, 'double');
  t.true(Math.abs((worst?.difference ?? 0) - 2e-5 * (worst?.largest ?? 0)) < 1e-6);
});

test('with fewer bits a thousandth is allowed', async (t) => {
  t.is((await compare((x) => 2 * x * (1 + 5e-4), undefined, true)).worst, undefined);
  t.is((await compare((x) => 2 * x * (1 + 2e-3), undefined, true)).worst?.output, 'double');
});

test('where the original differs from itself, ten times that is allowed, and never a twentieth of the output', async (t) => {
  const off = (share: number) => (x: number) => 2 * x * (1 + share);
  const isWorst = async (share: number, noise: number) =>
    (await compare(off(share), undefined, false, off(share + noise))).worst !== undefined;
  t.false(await isWorst(1e-3, 1.2e-4));
  t.true(await isWorst(1e-3, 0.8e-4));
  t.false(await isWorst(0.045, 0.1));
  t.true(await isWorst(0.055, 0.1));
});

test('the output that differs most is told', async (t) => {
  t.is(
    (
      await compare(
        (x) => 2 * x + 0.1,
        (x) => -x + 0.5,
      )
    ).worst?.output,
    'negative',
  );
  t.is(
    (
      await compare(
        (x) => 2 * x + 0.5,
        (x) => -x + 0.1,
      )
    ).worst?.output,
    'double',
  );
});

test('a number where the original has none is a difference', async (t) => {
  t.is((await compare(() => Number.NaN)).worst?.output, 'double');
});

test('weights of 16 bits and quantized operators have fewer bits', (t) => {
  const w = float32Tensor(Float32Array.of(1), [1]);
  const graph = (opType: string, weight = w) => ({
    nodes: [node(opType, ['x'], ['y'])],
    initializers: new Map([['w', weight]]),
  });
  t.false(hasFewerBits(graph('Conv')));
  t.true(hasFewerBits(graph('QLinearConv')));
  t.true(hasFewerBits(graph('DequantizeLinear')));
  t.true(hasFewerBits(graph('MatMulInteger')));
  t.true(hasFewerBits(graph('Conv', { ...w, dataType: 'float16' })));
  t.true(hasFewerBits(graph('Conv', { ...w, dataType: 'bfloat16' })));
});
