import test from 'ava';
import { specialise } from '../../../../src/engine/models/onnx/specialise.js';
import { encodeStaticGraph } from '../../../../src/engine/onnx/encode-model.js';
import { importModel } from '../../../../src/engine/onnx/import/import-model.js';
import type { Shape } from '../../../../src/engine/tensor/shape.js';
import {
  bytes,
  expectSameOutputs,
  floats,
  graphAttribute,
  integers,
  model,
  node,
  randomInput,
  runModel,
  untyped,
  value,
} from '../../../support/models.js';

const runtime = { threads: 1, allowSpinning: false } as const;
const initializers = {
  zero: integers([0]),
  one: integers([1]),
  axis: integers([1]),
  yes: bytes('bool', [1], []),
  half: floats([0.5], []),
};

/** Squeezes axis 1 where it has length 1, as PyTorch writes it, and does the other thing else. */
const squeeze = model({
  inputs: [value('x', 'float32', ['N', 'C', 'W'])],
  nodes: [
    node('Relu', 'x', 'r'),
    node('Shape', 'r', 's'),
    node('Gather', 's axis', 'length'),
    node('Equal', 'length one', 'is'),
    node('If', 'is', 'y', {
      then_branch: graphAttribute({ nodes: [node('Squeeze', 'r axis', 't')], outputs: ['t'] }),
      else_branch: graphAttribute({ nodes: [node('Neg', 'r', 't')], outputs: ['t'] }),
    }),
  ],
  initializers,
});

/** Adds a half as often as axis 1 is long, in the branch of an If that shapes decide. */
const repeat = model({
  inputs: [value('x', 'float32', ['N', 'C', 'W'])],
  nodes: [
    node('Shape', 'x', 's'),
    node('Gather', 's axis', 'length'),
    node('Greater', 'length zero', 'is'),
    node('If', 'is', 'y', {
      then_branch: graphAttribute({
        nodes: [
          node('Squeeze', 'length zero', 'count'),
          node('Loop', 'count yes x', 't', {
            body: graphAttribute({
              inputs: [value('i', 'int64', []), value('go', 'bool', []), value('z')],
              nodes: [node('Identity', 'go', 'on'), node('Add', 'z half', 'next')],
              outputs: [value('on', 'bool', []), untyped('next')],
            }),
          }),
        ],
        outputs: ['t'],
      }),
      else_branch: graphAttribute({ nodes: [node('Neg', 'x', 't')], outputs: ['t'] }),
    }),
  ],
  initializers,
});

const decides = test.macro<[source: typeof squeeze, shape: Shape, operators: string]>({
  title: (what) => what ?? '',
  async exec(t, source, shape, operators) {
    const graph = await specialise(importModel(source), {
      inputShapes: new Map([['x', shape]]),
      outputs: ['y'],
      runtime,
    });
    t.is(graph.nodes.map(({ opType }) => opType).join(' '), operators);
    const feeds = { x: randomInput(shape) };
    expectSameOutputs(t, await runModel(encodeStaticGraph(graph), feeds), await runModel(source, feeds));
  },
});
test(
  'an If that the shape of the input makes true becomes its first branch',
  decides,
  squeeze,
  [2, 1, 3],
  'Relu Squeeze',
);
test('an If that it makes false becomes its second branch', decides, squeeze, [2, 4, 3], 'Relu Neg');
test(
  'a loop that it decides, in such a branch, becomes its iterations',
  decides,
  repeat,
  [1, 3, 2],
  'Add Add Add Identity',
);

test('what the pixels decide stays', async (t) => {
  const source = model({
    inputs: [value('x', 'float32', [2, 3])],
    nodes: [
      node('ReduceSum', 'x', 's', { keepdims: 0 }),
      node('Greater', 's half', 'is'),
      node('If', 'is', 'y', {
        then_branch: graphAttribute({ nodes: [node('Relu', 'x', 't')], outputs: ['t'] }),
        else_branch: graphAttribute({ nodes: [node('Neg', 'x', 't')], outputs: ['t'] }),
      }),
    ],
    initializers,
  });
  const graph = await specialise(importModel(source), {
    inputShapes: new Map([['x', [2, 3]]]),
    outputs: ['y'],
    runtime,
  });
  t.is(graph.nodes.map(({ opType }) => opType).join(' '), 'ReduceSum Greater If');
});
