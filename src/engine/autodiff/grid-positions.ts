import type { GraphBuilder, Value } from '../onnx/graph.js';
import { finite, scale, where } from './emit.js';

/** How `GridSample` reads outside of an image, and where it puts −1 and 1. */
export interface GridForm {
  readonly mode: 'bilinear' | 'nearest';
  readonly padding: 'zeros' | 'border' | 'reflection';
  /** Whether −1 and 1 are the centres of the first and the last pixel, and not the edges of the image. */
  readonly alignCorners: boolean;
}

/** Where the points of a grid lie along one axis of an image. */
export interface Positions {
  /** In pixels, after what the padding does to those outside. */
  readonly pixel: Value;
  /** d(pixel) / d(coordinate of the grid). */
  readonly slope: Value;
}

/**
 * Pixels from coordinates of −1 … 1, as ONNX Runtime computes them.
 *
 * Spec: https://onnx.ai/onnx/operators/onnx__GridSample.html
 *
 * @param coordinate any shape, which both results have
 * @param length number of pixels along the axis
 */
export function gridPositions(g: GraphBuilder, coordinate: Value, length: number, form: GridForm): Positions {
  const half = (form.alignCorners ? length - 1 : length) / 2;
  const centre = (length - 1) / 2;
  const exact = g.op('Add', [scale(g, coordinate, half), g.scalar(centre)]);
  const raw = form.mode === 'nearest' ? roundToEven(g, exact) : exact;
  const ones = g.op('Expand', [g.scalar(half), g.integers(coordinate.shape)]);
  const inside = (low: number, high: number): Value =>
    g.op('And', [g.op('Greater', [raw, g.scalar(low)]), g.op('Less', [raw, g.scalar(high)])]);
  switch (form.padding) {
    case 'zeros':
      return { pixel: finite(g, raw), slope: ones };
    case 'border': {
      const pixel = g.op('Clip', [raw, g.scalar(0), g.scalar(length - 1)]);
      return { pixel, slope: where(g, inside(0, length - 1), ones) };
    }
    case 'reflection': {
      const [low, high] = form.alignCorners ? [0, length - 1] : [-0.5, length - 0.5];
      if (high === low) return { pixel: scale(g, finite(g, raw), 0), slope: scale(g, ones, 0) };
      const { reflected, isBackward } = reflect(g, raw, low, high);
      const isInside = inside(low, high);
      // Computed only outside: inside it is the same but for rounding, which a nearest pixel would notice.
      const pixel = g.op('Where', [isInside, raw, reflected]);
      const outside = g.op('Where', [isBackward, g.scalar(-half), g.scalar(half)]);
      return { pixel, slope: g.op('Where', [isInside, ones, outside]) };
    }
  }
}

/** x folded into [low, high] like a strip of paper, and whether it runs backward there. */
function reflect(g: GraphBuilder, x: Value, low: number, high: number): { reflected: Value; isBackward: Value } {
  const period = 2 * (high - low);
  const turns = scale(g, g.op('Sub', [x, g.scalar(low)]), 1 / period);
  const rest = g.op('Sub', [turns, g.op('Floor', [turns])]);
  const isBackward = g.op('Greater', [rest, g.scalar(0.5)]);
  const phase = g.op('Where', [isBackward, g.op('Sub', [g.scalar(1), rest]), rest]);
  return { reflected: g.op('Add', [scale(g, phase, period), g.scalar(low)]), isBackward };
}

/** The nearest whole number, the even one of two. Not by `Round`, which has no WebGPU kernel. */
function roundToEven(g: GraphBuilder, x: Value): Value {
  const up = g.op('Floor', [g.op('Add', [x, g.scalar(0.5)])]);
  const isTie = g.op('Equal', [g.op('Sub', [up, x]), g.scalar(0.5)]);
  const pairs = scale(g, g.op('Floor', [scale(g, up, 0.5)]), 2);
  const isOdd = g.op('Greater', [up, pairs]);
  return g.op('Where', [g.op('And', [isTie, isOdd]), g.op('Sub', [up, g.scalar(1)]), up]);
}
