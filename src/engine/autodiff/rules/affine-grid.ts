import { float32Of, float32Tensor, int64Tensor } from '../../onnx/tensor-value.js';
import { sizeOf } from '../../tensor/shape.js';
import { reshape, transposeMatrix } from '../emit.js';
import type { ForwardNode, GradientRule, Probe } from '../gradient-rule.js';
import { onlyFirst } from '../unary.js';

/**
 * Gradient of `AffineGrid`: at each position p, with homogeneous coordinates p′ = (p, 1), Y[p] = Θ p′.
 *
 *   dΘ = Σ_p dY[p] p′ᵀ
 *
 * The coordinates are the grid of the identity map, which runs once while a program is built.
 *
 * Shapes: Θ [N, r, r + 1], Y [N, …, r] over r axes, dΘ as Θ.
 * Spec: https://onnx.ai/onnx/operators/onnx__AffineGrid.html
 */
export const affineGrid: GradientRule = {
  probes: (node) => [probeOf(node)],
  backward: (g, node) =>
    onlyFirst(node, () => {
      const [batch = 1, rank = 1] = node.input(0).shape;
      const positions = sizeOf(node.output(0).shape) / batch / rank;
      const coordinates = float32Of(node.probe(0));
      const homogeneous = Float32Array.from({ length: positions * (rank + 1) }, (_, flat) => {
        const axis = flat % (rank + 1);
        return axis === rank ? 1 : (coordinates[Math.floor(flat / (rank + 1)) * rank + axis] as number);
      });
      const dY = transposeMatrix(g, reshape(g, node.cotangent(0), [batch, positions, rank]));
      return g.op('MatMul', [dY, g.floats(homogeneous, [positions, rank + 1])]);
    }),
};

/** The map of the identity, to one image of the same size. */
function probeOf(node: ForwardNode): Probe {
  const [, rows = 1, columns = 1] = node.input(0).shape;
  const identity = Float32Array.from({ length: rows * columns }, (_, flat) =>
    Number(flat % columns === Math.floor(flat / columns)),
  );
  const size = (node.numbers(1) ?? []).with(0, 1);
  return { inputs: [float32Tensor(identity, [1, rows, columns]), int64Tensor(size)] };
}
