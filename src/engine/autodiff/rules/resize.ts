import type { GraphBuilder, TensorValue, Value } from '../../onnx/graph.js';
import { float32Of, float32Tensor, int64Tensor } from '../../onnx/tensor-value.js';
import { sizeOf } from '../../tensor/shape.js';
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
 * and round as ONNX Runtime does. Where pixels are only repeated, as by whole scales and the nearest pixel, a convolution adds
 * the copies up. Two forms in which one axis cannot be told from the others alone are refused: tf_crop_and_resize, and sizes
 * that keep the aspect ratio.
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Resize.html
 */
export const resize: GradientRule = {
  probes: (node) => resizedAxes(node).map((axis) => probeOf(node, axis)),
  backward: (g, node) =>
    onlyFirst(node, () => {
      const resized = resizedAxes(node).map((axis, i) => resizedAxis(node, axis, i));
      return repeatedBack(g, node, resized) ?? interpolatedBack(g, node, resized);
    }),
};

interface ResizedAxis {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  /** Row i is what the i-th unit vector becomes: the transpose of the matrix. */
  readonly rows: Float32Array;
}

const resizedAxis = (node: BackwardNode, axis: number, index: number): ResizedAxis => ({
  axis,
  from: node.input(0).shape[axis] as number,
  to: node.output(0).shape[axis] as number,
  rows: float32Of(node.probe(index)),
});

const interpolatedBack = (g: GraphBuilder, node: BackwardNode, resized: readonly ResizedAxis[]): Value =>
  resized.reduce(
    (gradient: Value, { axis, from, to, rows }) =>
      alongAxis(g, gradient, axis, transposeMatrix(g, g.floats(rows, [from, to]))),
    node.cotangent(0),
  );

/** Where each pixel is only repeated: the sum of its copies, by a convolution with ones, which stays in the blocked layout. */
function repeatedBack(g: GraphBuilder, node: BackwardNode, resized: readonly ResizedAxis[]): Value | undefined {
  const [, channels = 1, ...lengths] = node.input(0).shape;
  if (resized.length === 0 || resized.some((axis) => axis.axis < 2 || !isRepeated(axis))) return undefined;
  const strides = lengths.map((length, i) => (node.output(0).shape[i + 2] as number) / length);
  const ones = g.floats(new Float32Array(channels * sizeOf(strides)).fill(1), [channels, 1, ...strides]);
  return g.op('Conv', [node.cotangent(0), ones], { strides, group: channels });
}

function isRepeated({ from, to, rows }: ResizedAxis): boolean {
  const times = to / from;
  return (
    Number.isInteger(times) && rows.every((x, i) => x === Number(Math.floor((i % to) / times) === Math.floor(i / to)))
  );
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
