import test from 'ava';
import { forwardNode } from '../../../src/engine/autodiff/forward-node.js';
import { limitsOf } from '../../../src/engine/autodiff/quantisation.js';
import { EngineError } from '../../../src/engine/errors.js';
import type { DataType } from '../../../src/engine/onnx/data-types.js';

const limits = (dataType: DataType): readonly [number, number] =>
  limitsOf(
    forwardNode(
      { opType: 'QuantizeLinear', domain: '', name: 'n', inputs: ['x'], outputs: ['y'], attributes: new Map() },
      { valueOf: (name) => ({ name, dataType, shape: [2] }), constantOf: () => undefined },
    ),
  );

test('limits are those of the type of the output', (t) => {
  t.deepEqual(limits('int8'), [-128, 127]);
  t.deepEqual(limits('uint8'), [0, 255]);
  t.deepEqual(limits('int16'), [-(2 ** 15), 2 ** 15 - 1]);
  t.deepEqual(limits('uint16'), [0, 2 ** 16 - 1]);
});

test('a type of more bits is refused', (t) => {
  const error = t.throws(() => limits('int32'), { instanceOf: EngineError });
  t.is(error.code, 'UNSUPPORTED_OP');
  t.is(error.message, 'expected QuantizeLinear (node n) in a form with a gradient, got int32');
});
