import test from 'ava';
import { specialise } from '../../../src/engine/models/onnx/specialise.js';
import { encodeStaticGraph } from '../../../src/engine/onnx/encode-model.js';
import { expandSoftmax } from '../../../src/engine/onnx/expand-softmax.js';
import { importModel } from '../../../src/engine/onnx/import/import-model.js';
import { expectSameOutputs, inputsOf, model, node, randomInput, runModel } from '../../support/models.js';

const shape = [2, 5, 3, 4];
const small = randomInput(shape);
/** Beyond what eˣ can hold, in both directions. */
const large = { ...small, data: Float32Array.from(small.data as Float32Array, (value) => 300 * value) };

const graphOf = (opType: string, axis: number) =>
  specialise(
    importModel(model({ nodes: [node(opType, 'x', 'y', { axis })], inputs: inputsOf({ x: small }), outputs: ['y'] })),
    {
      inputShapes: new Map([['x', shape]]),
      outputs: ['y'],
      runtime: { threads: 1, allowSpinning: false },
    },
  );

for (const opType of ['Softmax', 'LogSoftmax']) {
  for (const axis of [0, 1, 2, -2, -3]) {
    test(`${opType} along axis ${axis} of 4 is the same in its parts`, async (t) => {
      const graph = await graphOf(opType, axis);
      const expanded = expandSoftmax(graph);
      t.false(expanded.nodes.some((part) => part.opType === opType));
      for (const x of [small, large]) {
        const outputs = await runModel(encodeStaticGraph(expanded), { x });
        expectSameOutputs(t, outputs, await runModel(encodeStaticGraph(graph), { x }), 1e-6);
      }
    });
  }
  for (const axis of [3, -1]) {
    test(`${opType} along the last axis stays: ${axis}`, async (t) => {
      const graph = await graphOf(opType, axis);
      t.deepEqual(expandSoftmax(graph).nodes, graph.nodes);
    });
  }
}
