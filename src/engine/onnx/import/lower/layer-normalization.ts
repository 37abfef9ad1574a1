import type { NodeDef } from '../../graph.js';
import { attributeValue } from '../../node.js';
import type { NodeWriter } from '../rewrite-nodes.js';
import type { Lowering } from './lowering.js';

/** LayerNormalization of the sum of two or three inputs; the fourth output is that sum. */
export const skipLayerNormalization: Lowering = (node, writer) => {
  const [input, skip, gamma, beta, bias] = node.inputs;
  const [y = '', mean = '', deviation = ''] = node.outputs;
  const sum = skipSum(node, [input, skip, bias], writer);
  const outputs = [y, mean, deviation];
  const epsilon = { float: epsilonOf(node, 1e-12) };
  writer.op(
    'LayerNormalization',
    [sum, gamma, beta],
    { axis: -1, epsilon },
    outputs.slice(0, outputs.findLastIndex((name) => name !== '') + 1),
  );
};

/** X γ / √(mean X² + ε) along the last axis. */
export const simplifiedLayerNormalization: Lowering = (node, writer) => {
  const axis = attributeValue(node, 'axis', 'int') ?? -1;
  if (axis !== -1 || node.outputs[1]) return writer.write(node);
  const [x = '', gamma = ''] = node.inputs;
  normaliseSize(x, gamma, epsilonOf(node, 1e-5), writer, node.outputs.slice(0, 1));
};

/** The same of the sum of two or three inputs; the fourth output is that sum. */
export const skipSimplifiedLayerNormalization: Lowering = (node, writer) => {
  if (node.outputs[1] || node.outputs[2]) return writer.write(node);
  const [input, skip, gamma = '', bias] = node.inputs;
  const sum = skipSum(node, [input, skip, bias], writer);
  normaliseSize(sum, gamma, epsilonOf(node, 1e-12), writer, node.outputs.slice(0, 1));
};

const epsilonOf = (node: NodeDef, otherwise: number): number => attributeValue(node, 'epsilon', 'float') ?? otherwise;

function skipSum(node: NodeDef, [input, skip, bias]: readonly (string | undefined)[], writer: NodeWriter): string {
  const outputs = node.outputs[3] ? [node.outputs[3]] : undefined;
  if (!bias) return writer.op('Add', [input, skip], {}, outputs);
  return writer.op('Add', [writer.op('Add', [input, skip]), bias], {}, outputs);
}

function normaliseSize(
  x: string,
  gamma: string,
  epsilon: number,
  writer: NodeWriter,
  outputs: readonly string[],
): void {
  const square = writer.op('ReduceMean', [writer.op('Mul', [x, x]), writer.integers([-1])], { keepdims: 1 });
  const size = writer.op('Sqrt', [writer.op('Add', [square, writer.scalar(epsilon)])]);
  writer.op('Mul', [writer.op('Div', [x, size]), gamma], {}, outputs);
}
