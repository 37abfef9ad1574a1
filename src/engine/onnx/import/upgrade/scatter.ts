import type { UpgradePass } from './upgrade-pass.js';

/** `Scatter` is called `ScatterElements` since opset 11. */
export const scatter: UpgradePass = {
  before: 11,
  rewrite(node, writer) {
    writer.op('ScatterElements', node.inputs, node.attributes, node.outputs);
  },
};
