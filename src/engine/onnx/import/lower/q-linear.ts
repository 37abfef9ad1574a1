import type { AttributeInputs, Attributes } from '../../graph.js';
import { attributesWithout, attributeValue } from '../../node.js';
import type { NodeWriter } from '../rewrite-nodes.js';
import { softmaxFrom } from '../upgrade/softmax.js';
import type { Lowering } from './lowering.js';
import { dequantize, quantize } from './quantization.js';

/** An operator on quantised tensors: dequantised, computed in float32, quantised again. */
export const qLinearConv: Lowering = (node, writer) => {
  if (attributeValue(node, 'channels_last', 'int') === 1) return writer.write(node);
  const [x, xScale, xZero, w, wScale, wZero, yScale, yZero, bias] = node.inputs;
  const inputs = [dequantize([x, xScale, xZero], writer), dequantize([w, wScale, wZero], writer, 0)];
  if (bias) {
    const scale = writer.op('Mul', [xScale, wScale]);
    inputs.push(dequantize([bias, scale, undefined], writer, 0));
  }
  const y = writer.op('Conv', inputs, attributesWithout(node, 'channels_last'));
  quantize(y, yScale, yZero, writer, node.outputs);
};

export const qLinearMatMul: Lowering = (node, writer) => {
  const [a, aScale, aZero, b, bScale, bZero, yScale, yZero] = node.inputs;
  const left = dequantize([a, aScale, aZero], writer, -2);
  const right = dequantize([b, bScale, bZero], writer, -1);
  quantize(writer.op('MatMul', [left, right]), yScale, yZero, writer, node.outputs);
};

/** α A B + C, with C of scale α · scale of A · scale of B. Without a scale of Y the result stays float32. */
export const qGemm: Lowering = (node, writer) => {
  const [a, aScale, aZero, b, bScale, bZero, c, yScale, yZero] = node.inputs;
  const alpha = attributeValue(node, 'alpha', 'float') ?? 1;
  const isSwapped = attributeValue(node, 'transB', 'int') === 1;
  const inputs = [dequantize([a, aScale, aZero], writer), dequantize([b, bScale, bZero], writer, isSwapped ? 0 : 1)];
  if (c) {
    const scale = writer.op('Mul', [writer.op('Mul', [aScale, bScale]), writer.scalar(alpha)]);
    inputs.push(dequantize([c, scale, undefined], writer, -1));
  }
  if (!yScale) writer.op('Gemm', inputs, node.attributes, node.outputs);
  else quantize(writer.op('Gemm', inputs, node.attributes), yScale, yZero, writer, node.outputs);
};

/** An operator on two quantised tensors. */
export const qLinearBinary =
  (opType: string): Lowering =>
  (node, writer) => {
    const [a, aScale, aZero, b, bScale, bZero, yScale, yZero] = node.inputs;
    const operands = [dequantize([a, aScale, aZero], writer), dequantize([b, bScale, bZero], writer)];
    quantize(writer.op(opType, operands), yScale, yZero, writer, node.outputs);
  };

/** An operator on one quantised tensor, with the attributes of the standard operator. */
export const qLinearUnary =
  (opType: string): Lowering =>
  (node, writer) => {
    if (attributeValue(node, 'channels_last', 'int') === 1) return writer.write(node);
    onFloats(node.inputs, attributesWithout(node, 'channels_last'), opType, writer, node.outputs);
  };

function onFloats(
  [x, xScale, xZero, yScale, yZero]: readonly string[],
  attributes: Attributes | AttributeInputs,
  opType: string,
  writer: NodeWriter,
  outputs: readonly string[],
): void {
  const y = writer.op(opType, [dequantize([x, xScale, xZero], writer)], attributes);
  quantize(y, yScale, yZero, writer, outputs);
}

/** `opset` says which Softmax is meant: before 13 it ran over several axes at once. */
export const qLinearSoftmax: Lowering = (node, writer) => {
  const [x, xScale, xZero, yScale, yZero] = node.inputs;
  const isOld = (attributeValue(node, 'opset', 'int') ?? 13) < 13;
  const axis = attributeValue(node, 'axis', 'int') ?? (isOld ? 1 : -1);
  const floats = dequantize([x, xScale, xZero], writer);
  const y = isOld ? softmaxFrom(axis, 'Softmax', floats, writer) : writer.op('Softmax', [floats], { axis });
  quantize(y, yScale, yZero, writer, node.outputs);
};

export const qLinearConcat: Lowering = (node, writer) => {
  const [yScale, yZero, ...rest] = node.inputs;
  const parts = Array.from({ length: rest.length / 3 }, (_, i) =>
    dequantize([rest[3 * i], rest[3 * i + 1], rest[3 * i + 2]], writer),
  );
  quantize(writer.op('Concat', parts, node.attributes), yScale, yZero, writer, node.outputs);
};
