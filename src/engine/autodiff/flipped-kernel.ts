import type { GraphBuilder, TensorValue, Value } from '../onnx/graph.js';
import { float32Of, float32Tensor } from '../onnx/tensor-value.js';
import { sizeOf } from '../tensor/shape.js';
import { reshape, transpose } from './emit.js';

/**
 * The weights of the convolution that undoes another one's connections: taps in reverse order, inputs and outputs of each
 * group exchanged. Those of a constant are a constant, others are made when the program runs.
 *
 * @param weight shape [M, C/group, …]
 * @returns shape [C, M/group, …]
 */
export function flippedKernel(g: GraphBuilder, weight: Value, group: number): Value {
  const constant = g.constantOf(weight);
  if (constant !== undefined) return g.constant(flippedConstant(constant, group));
  const [outputs = 1, inputs = 1, ...kernel] = weight.shape;
  const taps = sizeOf(kernel);
  const grouped = reshape(g, weight, [group, outputs / group, inputs, taps]);
  const exchanged = transpose(g, grouped, [0, 2, 1, 3]);
  // By `Slice`: `Gather` copies each element by itself, which took twice as long as all the rest.
  const backwards = [[-1], [-taps - 1], [3], [-1]].map((numbers) => g.integers(numbers));
  const reversed = taps === 1 ? exchanged : g.op('Slice', [exchanged, ...backwards]);
  return reshape(g, reversed, [group * inputs, outputs / group, ...kernel]);
}

function flippedConstant(weight: TensorValue, group: number): TensorValue {
  const [outputs = 1, inputs = 1, ...kernel] = weight.shape;
  const taps = sizeOf(kernel);
  const perGroup = outputs / group;
  const source = float32Of(weight);
  const flipped = new Float32Array(source.length);
  for (let output = 0; output < outputs; output++) {
    const [part, member] = [Math.floor(output / perGroup), output % perGroup];
    for (let input = 0; input < inputs; input++) {
      const from = (output * inputs + input) * taps;
      const to = ((part * inputs + input) * perGroup + member) * taps;
      for (let tap = 0; tap < taps; tap++) flipped[to + taps - 1 - tap] = source[from + tap] as number;
    }
  }
  return float32Tensor(flipped, [inputs * group, perGroup, ...kernel]);
}
