import { sizeOf } from '../../../tensor/shape.js';
import type { DataType } from '../../data-types.js';
import type { NodeWriter } from '../rewrite-nodes.js';
import type { Lowering } from './lowering.js';

/** A tensor of whole numbers, with what they mean: scale · (x − zero point). */
export type Quantized = readonly [x: string | undefined, scale: string | undefined, zeroPoint: string | undefined];

/** The numbers that a quantised tensor means. Only where it has a scale for each position of `axis` does that matter. */
export function dequantize([x, scale, zeroPoint]: Quantized, writer: NodeWriter, axis?: number): string {
  const count = Math.max(countOf(scale, writer), countOf(zeroPoint, writer));
  const inputs = [x, repeated(scale, count, writer), repeated(zeroPoint, count, writer)];
  const isOneForAll = count === 1 && writer.constantOf(scale) !== undefined;
  return writer.op('DequantizeLinear', inputs, axis === undefined || isOneForAll ? {} : { axis });
}

function countOf(name: string | undefined, writer: NodeWriter): number {
  const tensor = writer.constantOf(name);
  return tensor === undefined ? 1 : sizeOf(tensor.shape);
}

/** One number for all as one for each, which `DequantizeLinear` wants of both or of none. */
function repeated(name: string | undefined, count: number, writer: NodeWriter): string | undefined {
  const tensor = writer.constantOf(name);
  if (tensor === undefined || count === 1 || sizeOf(tensor.shape) !== 1) return name;
  const bytes = new Uint8Array(count * tensor.bytes.length);
  for (let i = 0; i < count; i++) bytes.set(tensor.bytes, i * tensor.bytes.length);
  return writer.constant({ dataType: tensor.dataType, shape: [count], bytes });
}

/** The reverse, under the names of the outputs of a node. */
export function quantize(
  value: string,
  scale: string | undefined,
  zeroPoint: string | undefined,
  writer: NodeWriter,
  outputs: readonly string[],
): void {
  writer.op('QuantizeLinear', [value, scale, zeroPoint], {}, outputs);
}

/** Whole numbers less a zero point, which may be one for each position of `axis`. */
export const withoutZeroPoint = (
  x: string | undefined,
  zeroPoint: string | undefined,
  writer: NodeWriter,
  axis: number,
): string => dequantize([x, writer.scalar(1), zeroPoint], writer, axis);

const STANDARD_TYPES: ReadonlySet<DataType | undefined> = new Set<DataType>(['int8', 'uint8']);

/** ONNX Runtime's own (De)QuantizeLinear, which in 8 bits is that of ONNX. */
export const standardQuantization: Lowering = (node, writer) => {
  const zeroPoint = writer.constantOf(node.inputs[2]);
  if (node.inputs[2] && !STANDARD_TYPES.has(zeroPoint?.dataType)) return writer.write(node);
  writer.op(node.opType, node.inputs, node.attributes, node.outputs);
};

/**
 * `DynamicQuantizeLinear`: 8 bits over the range of X and 0.
 * Spec: https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html, with scale 1 where X is all 0, as in ONNX Runtime.
 */
export const dynamicQuantizeLinear: Lowering = (node, writer) => {
  const [x = ''] = node.inputs;
  const [y = '', scale, zeroPoint] = node.outputs;
  const [scaleName, zeroPointName] = dynamicScale(x, writer, scale, zeroPoint);
  quantize(x, scaleName, zeroPointName, writer, [y]);
};

/** The scale and the zero point that `DynamicQuantizeLinear` takes for a tensor, under these names if they are given. */
export function dynamicScale(
  x: string,
  writer: NodeWriter,
  scale?: string,
  zeroPoint?: string,
): readonly [scale: string, zeroPoint: string] {
  const zero = writer.scalar(0);
  const low = writer.op('Min', [writer.op('ReduceMin', [x], { keepdims: 0 }), zero]);
  const high = writer.op('Max', [writer.op('ReduceMax', [x], { keepdims: 0 }), zero]);
  const step = writer.op('Div', [writer.op('Sub', [high, low]), writer.scalar(255)]);
  const isFlat = writer.op('Equal', [step, zero]);
  const scaleName = writer.op('Where', [isFlat, writer.scalar(1), step], {}, scale ? [scale] : undefined);
  const offset = writer.op('Div', [writer.op('Sub', [zero, low]), scaleName]);
  const clipped = writer.op('Clip', [writer.op('Round', [offset]), zero, writer.scalar(255)]);
  const zeroPointName = writer.op('Cast', [clipped], { to: 2 }, zeroPoint ? [zeroPoint] : undefined);
  return [scaleName, zeroPointName];
}
