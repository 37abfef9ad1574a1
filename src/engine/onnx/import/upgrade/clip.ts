import { attributeValue } from '../../node.js';
import type { UpgradePass } from './upgrade-pass.js';

/** `Clip`: its bounds are inputs since opset 11, attributes before. */
export const clip: UpgradePass = {
  before: 11,
  rewrite(node, writer) {
    const bounds = ['min', 'max'].map((name) => attributeValue(node, name, 'float'));
    const inputs = bounds.map((bound) => (bound === undefined ? undefined : writer.scalar(bound)));
    writer.op('Clip', [node.inputs[0], ...inputs], {}, node.outputs);
  },
};
