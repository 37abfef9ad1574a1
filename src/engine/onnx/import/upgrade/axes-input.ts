import { attributesWithout, attributeValue } from '../../node.js';
import type { UpgradePass } from './upgrade-pass.js';

/**
 * `Squeeze`, `Unsqueeze` and the reductions: axes are an input since opset 13 or 18, an attribute before. No axes, given
 * as an empty list or not at all, are all of them.
 */
export const axesInput = (before: number): UpgradePass => ({
  before,
  rewrite(node, writer) {
    const axes = attributeValue(node, 'axes', 'ints') ?? [];
    const inputs = [node.inputs[0], axes.length === 0 ? undefined : writer.integers(axes)];
    writer.op(node.opType, inputs, attributesWithout(node, 'axes'), node.outputs);
  },
});
