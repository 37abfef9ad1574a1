import { DATA_TYPES } from '../../onnx/data-types.js';
import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { reshape, sumOver, where, zeros } from '../emit.js';
import type { BackwardNode, GradientRule } from '../gradient-rule.js';
import { type GridForm, gridPositions, type Positions } from '../grid-positions.js';
import { unsupported } from '../unsupported.js';

/**
 * Gradient of `GridSample`: Y[p] is X between the pixels around the point (u, v) that the grid holds at p, w their weights.
 *
 *   dX = 0, with w[p, corner] dY[p] added at each corner of each p
 *   du = Σ_channels dY ∂Y/∂u,  ∂Y/∂u = the slope along the row between the corners, by the slope of the position; dv alike
 *
 * The nearest pixel has weight 1 and no slope: then the grid has no derivative.
 *
 * Shapes: X [N, C, H, W], grid [N, H′, W′, 2], Y [N, C, H′, W′]; dX and dgrid as X and grid.
 * Spec: https://onnx.ai/onnx/operators/onnx__GridSample.html
 */
export const gridSample: GradientRule = {
  backward(g, node) {
    const form = formOf(node);
    const gridGradient = form.mode === 'nearest' ? undefined : () => byGrid(g, node, form);
    return [() => byImage(g, node, form), gridGradient];
  },
};

function formOf(node: BackwardNode): GridForm {
  if (node.input(0).shape.length !== 4) throw unsupported(node, 'an image of three axes');
  const mode = node.string('mode', 'linear').replace('bilinear', 'linear');
  if (mode !== 'linear' && mode !== 'nearest') throw unsupported(node, `mode ${mode}`);
  return {
    mode: mode === 'linear' ? 'bilinear' : mode,
    padding: node.string('padding_mode', 'zeros') as GridForm['padding'],
    alignCorners: node.int('align_corners', 0) === 1,
  };
}

/** A pixel of each point along one axis. */
interface Corner {
  /** Whole number as float32, inside the image. */
  readonly index: Value;
  readonly weight: Value;
  /** Whether it was inside without being moved there. */
  readonly isInside: Value;
}

interface Axis {
  readonly positions: Positions;
  readonly corners: readonly Corner[];
}

/** Both axes of the image, each value of shape [N, 1, P] for P points. */
function axesOf(g: GraphBuilder, node: BackwardNode, form: GridForm): { row: Axis; column: Axis } {
  const [, , height = 1, width = 1] = node.input(0).shape;
  const [batch = 1, rows = 1, columns = 1] = node.input(1).shape;
  const along = (component: number, length: number): Axis => {
    const bounds = [g.integers([component]), g.integers([component + 1]), g.integers([3])];
    const coordinate = reshape(g, g.op('Slice', [node.input(1), ...bounds]), [batch, 1, rows * columns]);
    const positions = gridPositions(g, coordinate, length, form);
    return { positions, corners: cornersOf(g, positions.pixel, length, form) };
  };
  return { column: along(0, width), row: along(1, height) };
}

function cornersOf(g: GraphBuilder, pixel: Value, length: number, { mode }: GridForm): readonly Corner[] {
  const first = g.op('Floor', [pixel]);
  const part = g.op('Sub', [pixel, first]);
  const corner = (place: Value, weight: Value): Corner => ({
    index: g.op('Clip', [place, g.scalar(0), g.scalar(length - 1)]),
    weight,
    isInside: g.op('And', [
      g.op('GreaterOrEqual', [place, g.scalar(0)]),
      g.op('LessOrEqual', [place, g.scalar(length - 1)]),
    ]),
  });
  const nearest = corner(first, g.op('Sub', [g.scalar(1), part]));
  return mode === 'nearest' ? [nearest] : [nearest, corner(g.op('Add', [first, g.scalar(1)]), part)];
}

/** Index in a channel of the pixel at two corners, shape [N, 1, P]. */
const placeOf = (g: GraphBuilder, row: Corner, column: Corner, width: number): Value =>
  g.op('Cast', [g.op('Add', [g.op('Mul', [row.index, g.scalar(width)]), column.index])], { to: DATA_TYPES.int64 });

/** `value` where both corners count: outside of an image that is padded with zeros there are none. */
const counted = (g: GraphBuilder, row: Corner, column: Corner, value: Value, { padding }: GridForm): Value =>
  padding === 'zeros' ? where(g, g.op('And', [row.isInside, column.isInside]), value) : value;

function byImage(g: GraphBuilder, node: BackwardNode, form: GridForm): Value {
  const { shape } = node.input(0);
  const [batch = 1, channels = 1, height = 1, width = 1] = shape;
  const { row, column } = axesOf(g, node, form);
  const points = row.positions.pixel.shape[2] as number;
  const dY = reshape(g, node.cotangent(0), [batch, channels, points]);
  const places: Value[] = [];
  const shares: Value[] = [];
  for (const y of row.corners) {
    for (const x of column.corners) {
      places.push(placeOf(g, y, x, width));
      shares.push(g.op('Mul', [dY, counted(g, y, x, g.op('Mul', [y.weight, x.weight]), form)]));
    }
  }
  const updates = g.op('Concat', shares, { axis: 2 });
  const indices = g.op('Expand', [g.op('Concat', places, { axis: 2 }), g.integers(updates.shape)]);
  const none = zeros(g, [batch, channels, height * width]);
  return reshape(g, g.op('ScatterElements', [none, indices, updates], { axis: 2, reduction: 'add' }), shape);
}

function byGrid(g: GraphBuilder, node: BackwardNode, form: GridForm): Value {
  const [batch = 1, channels = 1, height = 1, width = 1] = node.input(0).shape;
  const { row, column } = axesOf(g, node, form);
  const flat = [batch, channels, row.positions.pixel.shape[2] as number];
  const image = reshape(g, node.input(0), [batch, channels, height * width]);
  const dY = reshape(g, node.cotangent(0), flat);
  /** Σ over channels of dY times the pixel at two corners. */
  const product = (y: Corner, x: Corner): Value => {
    const indices = g.op('Expand', [placeOf(g, y, x, width), g.integers(flat)]);
    const pixels = g.op('GatherElements', [image, indices], { axis: 2 });
    return sumOver(g, g.op('Mul', [dY, counted(g, y, x, pixels, form)]), [1]);
  };
  const [[top, bottom], [left, right]] = [row.corners, column.corners] as [[Corner, Corner], [Corner, Corner]];
  const [topLeft, topRight, bottomLeft, bottomRight] = [
    product(top, left),
    product(top, right),
    product(bottom, left),
    product(bottom, right),
  ];
  const slope = (first: Corner, second: Corner, from: readonly [Value, Value], to: readonly [Value, Value]): Value =>
    g.op('Add', [
      g.op('Mul', [first.weight, g.op('Sub', [to[0], from[0]])]),
      g.op('Mul', [second.weight, g.op('Sub', [to[1], from[1]])]),
    ]);
  const du = slope(top, bottom, [topLeft, bottomLeft], [topRight, bottomRight]);
  const dv = slope(left, right, [topLeft, topRight], [bottomLeft, bottomRight]);
  const points = [...node.input(1).shape.slice(0, 3), 1];
  const parts = [g.op('Mul', [du, column.positions.slope]), g.op('Mul', [dv, row.positions.slope])];
  return g.op(
    'Concat',
    parts.map((part) => reshape(g, part, points)),
    { axis: 3 },
  );
}
