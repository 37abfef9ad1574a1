import { attributeValue } from '../../node.js';
import type { NodeWriter } from '../rewrite-nodes.js';
import type { Lowering } from './lowering.js';

/** x/2 (1 + erf(x/√2)). */
export const gelu: Lowering = (node, writer) => exactGelu(node.inputs[0] ?? '', writer, node.outputs);

/** Gelu of the sum of both inputs. */
export const biasGelu: Lowering = (node, writer) =>
  exactGelu(writer.op('Add', node.inputs.slice(0, 2)), writer, node.outputs);

function exactGelu(x: string, writer: NodeWriter, outputs: readonly string[]): void {
  const erf = writer.op('Erf', [writer.op('Mul', [x, writer.scalar(Math.SQRT1_2)])]);
  const half = writer.op('Mul', [x, writer.scalar(0.5)]);
  writer.op('Mul', [half, writer.op('Add', [erf, writer.scalar(1)])], {}, outputs);
}

/** x σ(α x). */
export const quickGelu: Lowering = ({ inputs: [x], ...node }, writer) => {
  const alpha = attributeValue({ ...node, inputs: [] }, 'alpha', 'float') ?? 1.702;
  const gate = writer.op('Sigmoid', [alpha === 1 ? x : writer.op('Mul', [x, writer.scalar(alpha)])]);
  writer.op('Mul', [x, gate], {}, node.outputs);
};

/** x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))), of the sum of both inputs where there are two. */
export const fastGelu: Lowering = ({ inputs: [input, bias], outputs }, writer) => {
  const x = bias ? writer.op('Add', [input, bias]) : (input ?? '');
  const square = writer.op('Mul', [x, x]);
  const slope = Math.sqrt(2 / Math.PI);
  const factor = writer.op('Add', [writer.op('Mul', [square, writer.scalar(0.044715 * slope)]), writer.scalar(slope)]);
  const tanh = writer.op('Tanh', [writer.op('Mul', [x, factor])]);
  const half = writer.op('Mul', [x, writer.scalar(0.5)]);
  writer.op('Mul', [half, writer.op('Add', [tanh, writer.scalar(1)])], {}, outputs);
};
