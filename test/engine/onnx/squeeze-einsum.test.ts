import test from 'ava';
import { specialise } from '../../../src/engine/models/onnx/specialise.js';
import { encodeStaticGraph } from '../../../src/engine/onnx/encode-model.js';
import { importModel } from '../../../src/engine/onnx/import/import-model.js';
import { squeezeEinsum } from '../../../src/engine/onnx/squeeze-einsum.js';
import { input, inputsOf, model, node, runModel } from '../../support/models.js';

const counted = (shape: readonly number[], first: number) =>
  input(
    'float32',
    Array.from({ length: shape.reduce((product, n) => product * n, 1) }, (_, i) => first + i),
    shape,
  );

async function squeezed(equation: string, a: readonly number[], b: readonly number[]) {
  const feeds = { a: counted(a, 1), b: counted(b, 2) };
  const source = model({ nodes: [node('Einsum', 'a b', 'y', { equation })], inputs: inputsOf(feeds), outputs: ['y'] });
  const graph = await specialise(importModel(source), {
    inputShapes: new Map([
      ['a', a],
      ['b', b],
    ]),
    outputs: ['y'],
    runtime: { threads: 1, allowSpinning: false },
  });
  const result = squeezeEinsum(graph);
  return { graph, result, outputs: await runModel(encodeStaticGraph(result), feeds) };
}

test('an axis of length 1 that another operand stretches is squeezed away, and the product stays', async (t) => {
  const { graph, result, outputs } = await squeezed('bij,bjk->bik', [1, 1, 2], [2, 2, 1]);
  t.deepEqual(graph.values.get('y')?.shape, [2, 1, 1]);
  t.deepEqual(
    result.nodes.map(({ opType }) => opType),
    ['Squeeze', 'Einsum'],
  );
  // [1 2] · [2 3]ᵀ and [1 2] · [4 5]ᵀ
  t.deepEqual(outputs.get('y')?.data, Float32Array.of(8, 14));
});

test('an Einsum without such an axis stays as it is', async (t) => {
  const { graph, result } = await squeezed('bij,bjk->bik', [2, 1, 2], [2, 2, 1]);
  t.deepEqual(result.nodes, graph.nodes);
});
