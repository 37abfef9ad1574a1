import type { TensorValue, Value } from '../../onnx/graph.js';
import { float32Of, float32Tensor } from '../../onnx/tensor-value.js';
import { alongAxis } from '../along-axis.js';
import { axisOf, identityMatrix, range, transposeMatrix } from '../emit.js';
import type { ForwardNode, GradientRule } from '../gradient-rule.js';
import { onlyFirst } from '../unary.js';

/**
 * Gradient of `Pad`: Y is X with borders, which hold a constant or repeat elements of X.
 *
 *   constant: dX = dY without the borders
 *   others:   dX = A₁ᵀ A₂ᵀ … dY,  Aᵢ the matrix of the padding along axis i
 *
 * The matrices come from padding identity matrices, once, while a program is built.
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Pad.html
 */
export const pad: GradientRule = {
  probes: (node) => (mode(node) === 'constant' ? [] : paddedAxes(node).map((padded) => probeOf(node, padded))),
  backward(g, node) {
    return onlyFirst(node, () => {
      const { shape } = node.input(0);
      const padded = paddedAxes(node);
      if (mode(node) === 'constant') {
        const pads = [...padded.map(({ begin }) => -begin), ...padded.map(({ end }) => -end)];
        const axes = padded.map(({ axis }) => axis);
        return axes.length === 0
          ? node.cotangent(0)
          : g.op('Pad', [node.cotangent(0), g.integers(pads), undefined, g.integers(axes)]);
      }
      return padded.reduce((gradient: Value, { axis }, i) => {
        const probe = node.probe(i);
        const matrix = g.floats(float32Of(probe), [shape[axis] as number, node.output(0).shape[axis] as number]);
        return alongAxis(g, gradient, axis, transposeMatrix(g, matrix));
      }, node.cotangent(0));
    });
  },
};

interface PaddedAxis {
  readonly axis: number;
  readonly begin: number;
  readonly end: number;
}

const mode = (node: ForwardNode): string => node.string('mode', 'constant');

function paddedAxes(node: ForwardNode): readonly PaddedAxis[] {
  const rank = node.input(0).shape.length;
  const pads = node.numbers(1) ?? [];
  const axes = (node.hasInput(3) ? node.numbers(3) : undefined) ?? range(rank);
  return axes
    .map((axis, i) => ({ axis: axisOf(axis, rank), begin: pads[i] as number, end: pads[i + axes.length] as number }))
    .filter(({ begin, end }) => begin !== 0 || end !== 0);
}

/** The same padding of each row of an identity matrix. */
function probeOf(node: ForwardNode, { axis, begin, end }: PaddedAxis): { inputs: (TensorValue | undefined)[] } {
  const length = node.input(0).shape[axis] as number;
  const pads = {
    dataType: 'int64',
    shape: [4],
    bytes: new Uint8Array(BigInt64Array.of(0n, BigInt(begin), 0n, BigInt(end)).buffer),
  } as const;
  const value = node.constant(2) ?? float32Tensor(new Float32Array(1), []);
  return { inputs: [identityMatrix(length, [length, length]), pads, value] };
}
