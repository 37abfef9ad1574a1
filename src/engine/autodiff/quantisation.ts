import { DATA_TYPES, type DataType } from '../onnx/data-types.js';
import type { GraphBuilder, Value } from '../onnx/graph.js';
import type { Shape } from '../tensor/shape.js';
import { axisOf, reshape, sumBeside } from './emit.js';
import type { ForwardNode } from './gradient-rule.js';
import { unsupported } from './unsupported.js';

/** Scale and zero point of `QuantizeLinear` and `DequantizeLinear`, for the whole tensor or for each position of an axis. */
export interface Quantisation {
  /** As float32; both broadcast over the tensor. The zero point is left out where there is none. */
  readonly scale: Value;
  readonly zeroPoint: Value | undefined;
  /** Sums a tensor to the shape of the scale. */
  sum(value: Value): Value;
}

/** @throws EngineError `UNSUPPORTED_OP`. Thrown when each block of an axis has its own scale. */
export function quantisationOf(g: GraphBuilder, node: ForwardNode): Quantisation {
  if (node.int('block_size', 0) !== 0) throw unsupported(node, 'a scale for each block');
  const { shape } = node.input(0);
  const scale = node.input(1);
  const axis = axisOf(node.int('axis', 1), shape.length);
  const isPerAxis = scale.shape.length === 1 && scale.shape[0] !== 1;
  const spread: Shape = isPerAxis ? shape.map((length, other) => (other === axis ? length : 1)) : [];
  const asFloats = (value: Value): Value => reshape(g, g.op('Cast', [value], { to: DATA_TYPES.float32 }), spread);
  return {
    scale: reshape(g, scale, spread),
    zeroPoint: node.hasInput(2) ? asFloats(node.input(2)) : undefined,
    sum: (value) => reshape(g, sumBeside(g, value, isPerAxis ? [axis] : []), scale.shape),
  };
}

const LIMITS: Readonly<Partial<Record<DataType, readonly [low: number, high: number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
};

/**
 * The least and the greatest number of a quantised type.
 *
 * @throws EngineError `UNSUPPORTED_OP`. Thrown for types that are not of 8 or 16 bits.
 */
export function limitsOf(node: ForwardNode): readonly [low: number, high: number] {
  const { dataType } = node.output(0);
  const limits = LIMITS[dataType];
  if (limits === undefined) throw unsupported(node, dataType);
  return limits;
}
