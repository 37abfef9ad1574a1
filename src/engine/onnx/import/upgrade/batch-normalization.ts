import type { NodeDef } from '../../graph.js';
import { attributesWithout, attributeValue } from '../../node.js';
import type { NodeWriter } from '../rewrite-nodes.js';
import type { UpgradePass } from './upgrade-pass.js';

/**
 * `BatchNormalization`: since opset 14 an attribute says whether it trains; before, that is so where it has outputs beside
 * the first. In opset 7 alone, statistics could be per position (`spatial` 0), shape [C, D1, …].
 */
export const batchNormalization: UpgradePass = {
  before: 14,
  rewrite(node, writer) {
    const epsilon = attributeValue(node, 'epsilon', 'float') ?? 1e-5;
    if (attributeValue(node, 'spatial', 'int') === 0) return normalisePositions(node, writer, epsilon);
    const isTraining = node.outputs.slice(1).some((name) => name !== '');
    const attributes = new Map(attributesWithout(node, 'spatial'));
    if (isTraining) attributes.set('training_mode', { type: 'int', value: 1 });
    writer.op('BatchNormalization', node.inputs, attributes, node.outputs.slice(0, isTraining ? 3 : 1));
  },
};

/** Y = (X − μ) / √(σ² + ε) · γ + β. */
function normalisePositions({ inputs, outputs }: NodeDef, writer: NodeWriter, epsilon: number): void {
  const [x, gamma, beta, mean, variance] = inputs;
  const deviation = writer.op('Sqrt', [writer.op('Add', [variance, writer.scalar(epsilon)])]);
  const normalised = writer.op('Div', [writer.op('Sub', [x, mean]), deviation]);
  writer.op('Add', [writer.op('Mul', [normalised, gamma]), beta], {}, outputs.slice(0, 1));
}
