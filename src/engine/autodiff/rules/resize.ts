import type { GraphBuilder, TensorValue, Value } from '../../onnx/graph.js';
import { float32Of, float32Tensor, int64Tensor } from '../../onnx/tensor-value.js';
import { alongAxis } from '../along-axis.js';
import { axisOf, identityMatrix, range, transposeMatrix } from '../emit.js';
import type { BackwardNode, ForwardNode, GradientRule } from '../gradient-rule.js';
import { onlyFirst } from '../unary.js';
import { unsupported } from '../unsupported.js';

/**
 * Gradient of `Resize`: along each axis, Y is a linear function of X.
 *
 *   Y = A₁ A₂ … X        dX = A₁ᵀ A₂ᵀ … dY
 *
 * The matrices come from resizing identity matrices, once, while a program is built: so they are right for every mode,
 * and round as ONNX Runtime does.
 * Two forms in which one axis cannot be told from the others alone are refused: tf_crop_and_resize, and sizes that keep the
 * aspect ratio.
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Resize.html
 */
export const resize: GradientRule = {
  probes: (node) => resizedAxes(node).map((axis) => probeOf(node, axis)),
  backward: (g, node) =>
    onlyFirst(node, () =>
      resizedAxes(node).reduce((gradient: Value, axis, i) => backAlong(g, node, gradient, axis, i), node.cotangent(0)),
    ),
};

function backAlong(g: GraphBuilder, node: BackwardNode, dY: Value, axis: number, index: number): Value {
  const [from, to] = [node.input(0).shape[axis] as number, node.output(0).shape[axis] as number];
  // Row i of the probe is what the i-th unit vector becomes: the transpose of the matrix.
  const matrix = g.floats(float32Of(node.probe(index)), [from, to]);
  if (axis === dY.shape.length - 2) return g.op('MatMul', [matrix, dY]);
  return alongAxis(g, dY, axis, transposeMatrix(g, matrix));
}

/** Axes whose length or scale changes; the others are copied. */
function resizedAxes(node: ForwardNode): readonly number[] {
  const { shape } = node.input(0);
  const scales = scalesOf(node);
  return range(shape.length).filter(
    (axis) => shape[axis] !== node.output(0).shape[axis] || (scales?.[axis] ?? 1) !== 1,
  );
}

/** Scale of every axis, where the node gives scales. */
function scalesOf(node: ForwardNode): readonly number[] | undefined {
  const given = node.hasInput(2) ? node.numbers(2) : undefined;
  if (given === undefined || given.length === 0) return undefined;
  const rank = node.input(0).shape.length;
  const axes = node.ints('axes', range(rank)).map((axis) => axisOf(axis, rank));
  return range(rank).map((axis) => (axes.includes(axis) ? (given[axes.indexOf(axis)] as number) : 1));
}

/** An identity matrix of which each row is resized alone, as [rows, 1, length, 1]: ONNX Runtime resizes inner axes of images. */
function probeOf(node: ForwardNode, axis: number): ReturnType<NonNullable<GradientRule['probes']>>[number] {
  if (node.string('coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize') {
    throw unsupported(node, 'tf_crop_and_resize');
  }
  // Its scale is that of another axis, and the length is rounded as no probe of one axis would.
  const policy = node.string('keep_aspect_ratio_policy', 'stretch');
  if (policy !== 'stretch') throw unsupported(node, `keep_aspect_ratio_policy ${policy}`);
  const [from, to] = [node.input(0).shape[axis] as number, node.output(0).shape[axis] as number];
  const scale = scalesOf(node)?.[axis];
  const attributes = new Map(node.attributes());
  attributes.delete('axes');
  const sizes: TensorValue = int64Tensor([from, 1, to, 1]);
  const scales = scale === undefined ? undefined : float32Tensor(Float32Array.of(1, 1, scale, 1), [4]);
  const rows = identityMatrix(from, [from, 1, from, 1]);
  return { attributes, inputs: scales === undefined ? [rows, undefined, undefined, sizes] : [rows, undefined, scales] };
}
