import type { TensorValue } from '../onnx/graph.js';
import { float32Of, float32Tensor } from '../onnx/tensor-value.js';
import { sizeOf } from '../tensor/shape.js';

/**
 * The weights of the convolution that undoes another one's connections: taps in reverse order, inputs and outputs of each
 * group exchanged.
 *
 * @param weight shape [M, C/group, …]
 * @returns shape [C, M/group, …]
 */
export function flippedKernel(weight: TensorValue, group: number): TensorValue {
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
