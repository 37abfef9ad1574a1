import { EngineError } from '../../../errors.js';
import { describeNode } from '../../node.js';
import type { UpgradePass } from './upgrade-pass.js';

/** `Scan`: in opset 8 alone it runs over a batch of sequences, which nothing in opset 18 does. */
export const scan: UpgradePass = {
  before: 9,
  rewrite(node) {
    throw new EngineError('INVALID_MODEL', `expected ${describeNode(node)} of opset 9 or later, got opset 8`);
  },
};
