import type { Float64Tensor } from '../../src/engine/tensor/float64-tensor.js';
import type { Shape, Shaped } from '../../src/engine/tensor/shape.js';
import type { TensorOps } from '../../src/engine/tensor/tensor-ops.js';
import { float64, randomFloat64 } from './tensors.js';

/** What is computed from some inputs, over whatever interpreter. */
export type Computation = <T extends Shaped>(ops: TensorOps<T>, inputs: readonly T[]) => readonly T[];

/** Something that every interpreter of `TensorOps` must compute alike. */
export interface TensorOpsCase {
  readonly name: string;
  readonly inputs: readonly Float64Tensor[];
  readonly compute: Computation;
}

const random = (...shape: Shape): Float64Tensor => randomFloat64(shape, `${shape}`);
const matrix = random(3, 4);
const row = random(4);
const positive: Float64Tensor = { ...matrix, data: matrix.data.map((x) => Math.abs(x) + 0.1) };
const logits = random(2, 5, 3);
const labels = float64([2, 3], [0, 4, 2, 1, 1, 3]);
const pair = [matrix, row] as const;
const at = <T>(list: readonly T[], index: number): T => list[index] as T;

/** Every primitive at least once. */
export const tensorOpsCases: readonly TensorOpsCase[] = [
  { name: 'add', inputs: pair, compute: (ops, inputs) => [ops.add(at(inputs, 0), at(inputs, 1))] },
  { name: 'sub', inputs: pair, compute: (ops, inputs) => [ops.sub(at(inputs, 0), at(inputs, 1))] },
  { name: 'mul', inputs: pair, compute: (ops, inputs) => [ops.mul(at(inputs, 0), at(inputs, 1))] },
  { name: 'div', inputs: [matrix, positive], compute: (ops, inputs) => [ops.div(at(inputs, 0), at(inputs, 1))] },
  { name: 'abs', inputs: pair, compute: (ops, inputs) => [ops.abs(at(inputs, 0))] },
  { name: 'exp', inputs: pair, compute: (ops, inputs) => [ops.exp(at(inputs, 0))] },
  { name: 'log', inputs: [positive], compute: (ops, inputs) => [ops.log(at(inputs, 0))] },
  { name: 'erf', inputs: pair, compute: (ops, inputs) => [ops.erf(at(inputs, 0))] },
  { name: 'maximum', inputs: pair, compute: (ops, inputs) => [ops.maximum(at(inputs, 0), at(inputs, 1))] },
  { name: 'greater', inputs: pair, compute: (ops, inputs) => [ops.greater(at(inputs, 0), at(inputs, 1))] },
  {
    name: 'where',
    inputs: pair,
    compute: (ops, inputs) => [ops.where(ops.greater(at(inputs, 0), ops.constant(0)), at(inputs, 0), at(inputs, 1))],
  },
  {
    name: 'sum',
    inputs: [logits],
    compute: (ops, inputs) => [[0], [1, 2], []].map((axes) => ops.sum(at(inputs, 0), axes)),
  },
  { name: 'reshape', inputs: [logits], compute: (ops, inputs) => [ops.reshape(at(inputs, 0), [5, 6])] },
  { name: 'lookUp', inputs: [labels], compute: (ops, inputs) => [ops.lookUp([5, 6, 7, 8, 9], at(inputs, 0))] },
  {
    name: 'logSoftmax',
    inputs: [logits],
    compute: (ops, inputs) => [1, 2].map((axis) => ops.logSoftmax(at(inputs, 0), axis)),
  },
  {
    name: 'pickClass',
    inputs: [logits, labels],
    compute: (ops, inputs) => [ops.pickClass(at(inputs, 0), at(inputs, 1), 1)],
  },
  {
    name: 'maxOtherClass',
    inputs: [logits, labels],
    compute: (ops, inputs) => [ops.maxOtherClass(at(inputs, 0), at(inputs, 1), 1)],
  },
  {
    name: 'predictedClass',
    inputs: [logits],
    compute: (ops, inputs) => [1, 2].map((axis) => ops.predictedClass(at(inputs, 0), axis)),
  },
  { name: 'topClasses', inputs: [logits], compute: (ops, inputs) => ops.topClasses(at(inputs, 0), 3, 1) },
  { name: 'stopGradient', inputs: pair, compute: (ops, inputs) => [ops.stopGradient(at(inputs, 0))] },
];
