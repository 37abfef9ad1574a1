import { EngineError } from '../../../errors.js';
import { attributesWithout, attributeValue, describeNode } from '../../node.js';
import type { UpgradePass } from './upgrade-pass.js';

/** `TopK`: how many is an input since opset 10, an attribute before. */
export const topK: UpgradePass = {
  before: 10,
  rewrite(node, writer) {
    const k = attributeValue(node, 'k', 'int');
    if (k === undefined)
      throw new EngineError('INVALID_MODEL', `expected attribute k of ${describeNode(node)}, got none`);
    writer.op('TopK', [node.inputs[0], writer.integers([k])], attributesWithout(node, 'k'), node.outputs);
  },
};
