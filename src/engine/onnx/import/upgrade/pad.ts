import { attributeValue } from '../../node.js';
import type { UpgradePass } from './upgrade-pass.js';

/** `Pad`: lengths and value are inputs since opset 11, attributes before. */
export const pad: UpgradePass = {
  before: 11,
  rewrite(node, writer) {
    const mode = attributeValue(node, 'mode', 'string') ?? 'constant';
    const value = attributeValue(node, 'value', 'float') ?? 0;
    const pads = writer.integers(attributeValue(node, 'pads', 'ints') ?? []);
    const inputs = [node.inputs[0], pads, mode === 'constant' && value !== 0 ? writer.scalar(value) : undefined];
    writer.op('Pad', inputs, { mode }, node.outputs);
  },
};
