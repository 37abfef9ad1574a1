import { attributesWithout, attributeValue } from '../../node.js';
import type { UpgradePass } from './upgrade-pass.js';

/** `Split`: lengths are an input since opset 13, an attribute before; in opset 18 equal parts have to be counted. */
export const split: UpgradePass = {
  before: 18,
  rewrite(node, writer) {
    const lengths = attributeValue(node, 'split', 'ints');
    const input = lengths === undefined ? node.inputs[1] : writer.integers(lengths);
    const attributes = new Map(attributesWithout(node, 'split'));
    if (!input) attributes.set('num_outputs', { type: 'int', value: node.outputs.length });
    writer.op('Split', [node.inputs[0], input], attributes, node.outputs);
  },
};
