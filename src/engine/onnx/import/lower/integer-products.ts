import { DATA_TYPES } from '../../data-types.js';
import type { Attributes, NodeDef } from '../../graph.js';
import type { NodeWriter } from '../rewrite-nodes.js';
import type { Lowering, LoweringContext } from './lowering.js';
import { dequantize, dynamicScale, withoutZeroPoint } from './quantization.js';

export const convInteger: Lowering = (node, writer, context) => {
  const [x, w, xZero, wZero] = node.inputs;
  const operands = [withoutZeroPoint(x, xZero, writer, 1), withoutZeroPoint(w, wZero, writer, 0)];
  writeWhole('Conv', operands, node.attributes, node, writer, context);
};

export const matMulInteger: Lowering = (node, writer, context) => {
  const [a, b, aZero, bZero] = node.inputs;
  const operands = [withoutZeroPoint(a, aZero, writer, -2), withoutZeroPoint(b, bZero, writer, -1)];
  writeWhole('MatMul', operands, new Map(), node, writer, context);
};

/** Writes a product, in whole numbers only where somebody needs them: a cast to whole numbers ends a gradient. */
function writeWhole(
  opType: string,
  operands: readonly string[],
  attributes: Attributes,
  { outputs }: NodeDef,
  writer: NodeWriter,
  context: LoweringContext,
): void {
  if (context.mayBeFloat(outputs[0] ?? '')) writer.op(opType, operands, attributes, outputs);
  else writer.op('Cast', [writer.op(opType, operands, attributes)], { to: DATA_TYPES.int32 }, outputs);
}

/** A B + bias of quantised matrices, in float32. */
export const matMulIntegerToFloat: Lowering = (node, writer) => {
  const [a, b, aScale, bScale, aZero, bZero, bias] = node.inputs;
  const operands = [dequantize([a, aScale, aZero], writer, -2), dequantize([b, bScale, bZero], writer, -1)];
  writeSum(operands, bias, writer, node.outputs);
};

/** The same, of an A that is float32 and quantised on the way. */
export const dynamicQuantizeMatMul: Lowering = (node, writer) => {
  const [a = '', b, bScale, bZero, bias] = node.inputs;
  const [scale, zeroPoint] = dynamicScale(a, writer);
  const whole = writer.op('QuantizeLinear', [a, scale, zeroPoint]);
  const operands = [dequantize([whole, scale, zeroPoint], writer), dequantize([b, bScale, bZero], writer, -1)];
  writeSum(operands, bias, writer, node.outputs);
};

function writeSum(
  operands: readonly string[],
  bias: string | undefined,
  writer: NodeWriter,
  outputs: readonly string[],
): void {
  if (bias) writer.op('Add', [writer.op('MatMul', operands), bias], {}, outputs);
  else writer.op('MatMul', operands, {}, outputs);
}
