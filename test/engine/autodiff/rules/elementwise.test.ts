import test from 'ava';
import type { TensorValue } from '../../../../src/engine/onnx/graph.js';
import { erf } from '../../../../src/engine/tensor/eager-ops.js';
import { equalsDifferences, equalsFunction, isExactly, isRefused } from '../../../support/check-rule.js';
import { floats, integers, type OneNode, type Variable, variable } from '../../../support/one-node.js';

const at = (...values: number[]): Variable => ({ shape: [values.length], data: Float32Array.from(values) });
const everywhere = at(-6.5, -3.2, -2.1, -1, -0.7, -0.05, 0.05, 0.3, 1.1, 2.4, 3.3, 7);
const scalar = (value: number): Variable => ({ shape: [], data: Float32Array.of(value) });
const within = at(-0.99, -0.5, -0.01, 0.2, 0.95);
const positive = at(0.01, 0.2, 1, 3.5, 20);
const flag = (value: number): TensorValue => ({ dataType: 'bool', shape: [], bytes: Uint8Array.of(value) });
const node = (opType: string, x: Variable, attributes: OneNode['attributes'] = {}): OneNode => ({
  opType,
  inputs: [x],
  attributes,
  opset: opType === 'Gelu' ? 20 : opType === 'Swish' ? 24 : 18,
});

const { abs, exp, log, max, min, sqrt, tanh, SQRT1_2, PI } = Math;
const sigmoid = (x: number): number => 1 / (1 + exp(-x));
const softplus = (x: number): number => log(1 + exp(x));

test('', equalsFunction, node('Abs', everywhere), abs);
test('', equalsFunction, node('Acos', within), Math.acos);
test('', equalsFunction, node('Acosh', at(1.01, 1.5, 2, 30)), Math.acosh);
test('', equalsFunction, node('Asin', within), Math.asin);
test('', equalsFunction, node('Asinh', everywhere), Math.asinh);
test('', equalsFunction, node('Atanh', within), Math.atanh);
test('', equalsFunction, node('Cosh', everywhere), Math.cosh);
test('', equalsFunction, node('Sinh', everywhere), Math.sinh);
test('', equalsFunction, node('Shrink', everywhere, { lambd: { float: 1.5 }, bias: { float: 0.25 } }), (x) =>
  abs(x) > 1.5 ? x - Math.sign(x) * 0.25 : 0,
);
test('', equalsFunction, node('Swish', everywhere), (x) => x * sigmoid(x));
test('α 1.7', equalsFunction, node('Swish', everywhere, { alpha: { float: 1.7 } }), (x) => x * sigmoid(1.7 * x));
test('', equalsFunction, { ...node('CastLike', everywhere), inputs: [everywhere, floats([1])] }, (x) => x);
test('', equalsFunction, node('Atan', everywhere), Math.atan);
test(
  '',
  equalsFunction,
  node('Celu', everywhere, { alpha: { float: 1.7 } }),
  (x) => max(x, 0) + min(0, 1.7 * (exp(x / 1.7) - 1)),
);
test('', equalsFunction, node('Cos', everywhere), Math.cos);
test('', equalsFunction, node('Elu', everywhere, { alpha: { float: 0.6 } }), (x) => (x > 0 ? x : 0.6 * (exp(x) - 1)));
test('', equalsFunction, node('Erf', everywhere), erf);
test('', equalsFunction, node('Exp', at(-5, 0, 2)), exp);
test('', equalsFunction, node('Gelu', everywhere), (x) => (x * (1 + erf(x * SQRT1_2))) / 2);
test(
  'tanh',
  equalsFunction,
  node('Gelu', everywhere, { approximate: 'tanh' }),
  (x) => 0.5 * x * (1 + tanh(sqrt(2 / PI) * (x + 0.044715 * x ** 3))),
);
test('', equalsFunction, node('HardSigmoid', everywhere, { alpha: { float: 0.3 }, beta: { float: 0.4 } }), (x) =>
  max(0, min(1, 0.3 * x + 0.4)),
);
test('', equalsFunction, node('HardSwish', everywhere), (x) => x * max(0, min(1, x / 6 + 0.5)));
test('', equalsFunction, node('Identity', everywhere), (x) => x);
test('α > 0', equalsFunction, node('LeakyRelu', everywhere, { alpha: { float: 0.2 } }), (x) => (x > 0 ? x : 0.2 * x));
test('α < 0', equalsFunction, node('LeakyRelu', everywhere, { alpha: { float: -0.5 } }), (x) => (x > 0 ? x : -0.5 * x));
test('', equalsFunction, node('Log', positive), log);
test('', equalsFunction, node('Mish', everywhere), (x) => x * tanh(softplus(x)));
test('', equalsFunction, node('Neg', everywhere), (x) => -x);
test('', equalsFunction, node('Reciprocal', positive), (x) => 1 / x);
test('', equalsFunction, node('Relu', everywhere), (x) => max(x, 0));
const [alpha, gamma] = [1.6732632423543772, 1.0507009873554805];
test('', equalsFunction, node('Selu', everywhere), (x) => gamma * (x > 0 ? x : alpha * (exp(x) - 1)));
test('', equalsFunction, node('Sigmoid', everywhere), sigmoid);
test('', equalsFunction, node('Sin', everywhere), Math.sin);
test('', equalsFunction, node('Softplus', everywhere), softplus);
test('', equalsFunction, node('Softsign', everywhere), (x) => x / (1 + abs(x)));
test('', equalsFunction, node('Sqrt', positive), sqrt);
test('', equalsFunction, node('Tan', at(-1.2, 0.1, 1.3)), Math.tan);
test('', equalsFunction, node('Tanh', everywhere), tanh);
test('', equalsFunction, node('ThresholdedRelu', everywhere, { alpha: { float: 0.5 } }), (x) => (x > 0.5 ? x : 0));
test('in inference', equalsFunction, node('Dropout', everywhere), (x) => x);
test('to float32', equalsFunction, node('Cast', everywhere, { to: 1 }), (x) => x);

const clip = (x: Variable, low?: number, high?: number): OneNode => ({
  opType: 'Clip',
  inputs: [x, low === undefined ? undefined : floats([low], []), high === undefined ? undefined : floats([high], [])],
});
test('both bounds', equalsFunction, clip(everywhere, -1.5, 2), (x) => max(-1.5, min(2, x)));
test('ReLU6', equalsFunction, clip(everywhere, 0, 6), (x) => max(0, min(6, x)));
test('no lower bound', equalsFunction, clip(everywhere, undefined, 2), (x) => min(2, x));
test('no bounds', equalsFunction, { opType: 'Clip', inputs: [everywhere] }, (x) => x);

const pow = (x: Variable, exponent: number): OneNode => ({ opType: 'Pow', inputs: [x, floats([exponent], [])] });
for (const [exponent, x] of [
  [1, everywhere],
  [2, everywhere],
  [3, everywhere],
  [0.5, positive],
  [-1.5, positive],
] as const) {
  test(`exponent ${exponent}`, equalsFunction, pow(x, exponent), (value) => value ** exponent);
}
test('a whole exponent', equalsFunction, { opType: 'Pow', inputs: [everywhere, integers([3], [])] }, (x) => x ** 3);
test('base and exponent from pixels', equalsDifferences, {
  opType: 'Pow',
  inputs: [variable([2, 3], 'base', 0.5, 2), variable([3], 'exponent')],
});
test('exponents of 1 and 2', equalsDifferences, { opType: 'Pow', inputs: [variable([3]), floats([1, 2, 3])] });
test('constant base', equalsFunction, { opType: 'Pow', inputs: [floats([3], []), everywhere] }, (x) => 3 ** x);

test('is 0 at 0', isExactly, node('Relu', at(-1, 0, 2)), [5, 6, 7], [0, 0, 7]);
test('is 0 at 0', isExactly, node('Abs', at(-1, 0, 2)), [5, 6, 7], [-5, 0, 7]);
test('is 1 at its bounds', isExactly, clip(at(-2, -1, 0, 1, 2), -1, 1), [1, 2, 3, 4, 5], [0, 2, 3, 4, 0]);
test('is 0 at the bound of ReLU', isExactly, clip(at(-2, 0, 3), 0), [1, 2, 3], [0, 0, 3]);
test('is 0 where its bounds are the wrong way round', isExactly, clip(at(-2, 0, 2), 1, -1), [1, 2, 3], [0, 0, 0]);
test('is 0 at the bounds of ReLU6', isExactly, clip(at(-2, 0, 3, 6, 7), 0, 6), [1, 2, 3, 4, 5], [0, 0, 3, 0, 0]);
const pole = 'is 0, neither ∞ nor NaN, at its pole, whatever the cotangent';
test(pole, isExactly, node('Sqrt', at(0, 0, 4)), [0, 1, 1], [0, 0, 0.25]);
test(pole, isExactly, node('Log', at(0, 0, 1e-44, 4)), [0, 1, 1, 1], [0, 0, 0, 0.25]);
test(pole, isExactly, node('Reciprocal', at(0, 0, 2)), [0, 1, 1], [0, 0, -0.25]);
test(`${pole} of a root`, isExactly, pow(at(0, 0, 4), 0.5), [0, 1, 1], [0, 0, 0.25]);
test(pole, isExactly, pow(at(0, 0, 2), -1), [0, 1, 1], [0, 0, -0.25]);
test(pole, isExactly, node('Asin', at(-1, 0, 1)), [0, 2, 1], [0, 2, 0]);
test(pole, isExactly, node('Acos', at(-1, 0, 1)), [0, 2, 1], [0, -2, 0]);
test(pole, isExactly, node('Acosh', at(1, 1)), [0, 2], [0, 0]);
test(pole, isExactly, node('Atanh', at(-1, 0, 1)), [0, 2, 1], [0, 2, 0]);
test('is 0 for an exponent of 0', isExactly, pow(at(0, 3), 0), [1, 1], [0, 0]);
test(
  'is 1 at 0 for an exponent of 1 beside others',
  isExactly,
  { opType: 'Pow', inputs: [at(0, 0, 0), floats([1, 0.5, 3])] },
  [2, 2, 2],
  [2, 0, 0],
);
test('is that of a square at 0', isExactly, pow(at(-1, 0, 3), 2), [1, 1, 1], [-2, 0, 6]);
test(
  'by its exponent is 0 where the base is not positive',
  isExactly,
  { opType: 'Pow', inputs: [floats([0, -2, 1]), at(2, 3, 5)] },
  [1, 1, 1],
  [0, 0, 0],
);
test(
  'is 0, not NaN, where it overflows in a branch that is not taken',
  isExactly,
  node('Exp', at(200, 0)),
  [0, 3],
  [0, 3],
);
const overflow = 'is 0, not NaN, where it overflows and the cotangent is 0';
test(overflow, isExactly, node('Sinh', at(200, 0)), [0, 3], [0, 3]);
test(overflow, isExactly, node('Cosh', at(-200, 0)), [0, 3], [0, 0]);
test('is the lower slope at 0', isExactly, node('Elu', at(0), { alpha: { float: 0.5 } }), [2], [1]);
test(
  'is the lower slope at 0',
  isExactly,
  node('Selu', at(0), { alpha: { float: 0.5 }, gamma: { float: 3 } }),
  [2],
  [3],
);
test('is 0 at its threshold', isExactly, node('ThresholdedRelu', at(0.5, 1, 1.5)), [1, 2, 3], [0, 0, 3]);
test('is 0 at its threshold', isExactly, node('Shrink', at(-0.5, 0.5, 1.5)), [1, 2, 3], [0, 0, 3]);
test('is 0 and 1 at the ends of its curve', isExactly, node('HardSwish', at(-3, 3)), [2, 2], [0, 2]);
test('is 0 at its bounds', isExactly, node('HardSigmoid', at(-2.5, 0, 2.5)), [5, 5, 5], [0, 1, 0]);
test('is the lower slope at 0', isExactly, node('LeakyRelu', at(0), { alpha: { float: 0.5 } }), [2], [1]);
test('does not overflow', isExactly, node('Mish', at(-200, 200)), [1, 1], [0, 1]);
test('does not overflow', isExactly, node('Softplus', at(-200, 200)), [1, 1], [0, 1]);
test('does not overflow', isExactly, node('Sigmoid', at(-200, 200)), [1, 1], [0, 0]);

test('bounds from pixels', equalsDifferences, { opType: 'Clip', inputs: [everywhere, scalar(-1.5), scalar(2)] });
test('bounds from pixels, the wrong way round', equalsDifferences, {
  opType: 'Clip',
  inputs: [floats([-3.4, 1.5, 5]), floats([2], []), scalar(1)],
});
const bounded = (low: Variable | TensorValue, high: Variable | TensorValue): OneNode => ({
  opType: 'Clip',
  inputs: [floats([0, 1, 2, 3]), low, high],
});
const beyond = 'by a bound is that of what lies beyond it';
test(`${beyond}: the lower`, isExactly, bounded(scalar(1), floats([2], [])), [2, 3, 5, 7], [2]);
test(`${beyond}: the upper`, isExactly, bounded(floats([1], []), scalar(2)), [2, 3, 5, 7], [7]);
test(`${beyond}: the lower of two that are equal`, isExactly, bounded(scalar(1), floats([1], [])), [2, 3, 5, 7], [2]);
test(`${beyond}: the upper of two that are equal`, isExactly, bounded(floats([1], []), scalar(1)), [2, 3, 5, 7], [12]);
test('a lower bound from pixels', equalsDifferences, {
  opType: 'Clip',
  inputs: [everywhere, { shape: [], data: Float32Array.of(-1.5) }],
});
test(
  'with a ratio that depends on the pixels',
  isRefused,
  { ...node('Dropout', everywhere), inputs: [everywhere, scalar(0.5)] },
  1,
  'an input 1 that depends on the pixels',
);
test(
  'in training',
  isRefused,
  { ...node('Dropout', everywhere), inputs: [everywhere, floats([0.5], []), flag(1)] },
  0,
  'training_mode true',
);
test(
  'in training, where nothing is dropped',
  equalsFunction,
  { ...node('Dropout', everywhere), inputs: [everywhere, floats([0], []), flag(1)] },
  (x) => x,
);
test(
  'not in training',
  equalsFunction,
  { ...node('Dropout', everywhere), inputs: [everywhere, floats([0.5], []), flag(0)] },
  (x) => x,
);
