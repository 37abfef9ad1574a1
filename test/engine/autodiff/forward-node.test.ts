import test from 'ava';
import { forwardNode } from '../../../src/engine/autodiff/forward-node.js';
import { EngineError } from '../../../src/engine/errors.js';
import type { Attribute, TensorValue, Value } from '../../../src/engine/onnx/graph.js';
import { floats } from '../../support/one-node.js';

const values = new Map<string, Value>(
  ['x', 'axes', 'y'].map((name) => [name, { name, dataType: 'float32', shape: [2] }]),
);
const constants = new Map<string, TensorValue>([['axes', floats([0, 1])]]);
const attributes = new Map<string, Attribute>([
  ['axis', { type: 'int', value: 1 }],
  ['mode', { type: 'string', value: 'edge' }],
]);
const node = forwardNode(
  { opType: 'Op', domain: '', name: 'n', inputs: ['x', 'axes', '', 'lost'], outputs: ['y', '', 'unread'], attributes },
  { valueOf: (name) => values.get(name), constantOf: (name) => constants.get(name) },
);

test('inputs and outputs are there, or not', (t) => {
  t.deepEqual([node.inputCount, node.outputCount], [4, 3]);
  t.deepEqual([0, 1, 2, 4].map(node.hasInput), [true, true, false, false]);
  t.deepEqual([0, 1, 2].map(node.hasOutput), [true, false, false]);
  t.is(node.input(0).name, 'x');
  t.is(node.output(0).name, 'y');
  t.is(node.constant(0), undefined);
  t.deepEqual(node.numbers(1), [0, 1]);
  t.is(node.numbers(2), undefined);
});

test('attributes have defaults', (t) => {
  t.is(node.int('axis', 5), 1);
  t.is(node.int('group', 5), 5);
  t.is(node.string('mode'), 'edge');
  t.is(node.float('alpha', 0.5), 0.5);
  t.deepEqual(node.ints('pads', [0, 0]), [0, 0]);
});

const failures: readonly (readonly [what: string, read: () => unknown, message: string])[] = [
  ['an input that is not there', () => node.input(2), 'an input 2, got none'],
  ['an input that is not known', () => node.input(3), 'an input 3, got none'],
  ['an output that is not there', () => node.output(1), 'an output 1, got none'],
  ['an attribute that is not there', () => node.int('group'), 'attribute group, got none'],
  ['an attribute of another type', () => node.ints('axis'), 'attribute axis of type ints, got int'],
];
for (const [what, read, message] of failures) {
  test(`${what} is an error`, (t) => {
    const error = t.throws(read, { instanceOf: EngineError });
    t.is(error.code, 'INTERNAL');
    t.is(error.message, `expected Op (node n) to have ${message}`);
  });
}

test('numbers that depend on the pixels are no form with a gradient', (t) => {
  const error = t.throws(() => node.numbers(0), { instanceOf: EngineError });
  t.is(error.code, 'UNSUPPORTED_OP');
  t.is(error.message, 'expected Op (node n) in a form with a gradient, got an input 0 that depends on the pixels');
});
