import { attributeValue } from '../../node.js';
import type { UpgradePass } from './upgrade-pass.js';

/** `Slice`: where it begins and ends are inputs since opset 10, attributes before. */
export const slice: UpgradePass = {
  before: 10,
  rewrite(node, writer) {
    const [starts = [], ends = [], axes] = ['starts', 'ends', 'axes'].map((name) => attributeValue(node, name, 'ints'));
    const inputs = [writer.integers(starts), writer.integers(ends), axes && writer.integers(axes)];
    writer.op('Slice', [node.inputs[0], ...inputs], {}, node.outputs);
  },
};
