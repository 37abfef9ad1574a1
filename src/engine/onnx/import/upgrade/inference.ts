import { type UpgradePass, withoutAttributes } from './pass.js';

/** `Dropout`: its ratio became an input in opset 12, and says nothing in inference. */
export const dropout: UpgradePass = {
  until: 12,
  upgrade: (node) => [{ ...withoutAttributes(node, 'ratio'), inputs: node.inputs.slice(0, 1) }],
};

/** `BatchNormalization`: what served training only went in opset 14. */
export const batchNormalization: UpgradePass = {
  until: 14,
  upgrade: (node) => [{ ...withoutAttributes(node, 'spatial', 'momentum'), outputs: node.outputs.slice(0, 1) }],
};

/** `Scatter` became `ScatterElements` in opset 11. */
export const scatter: UpgradePass = {
  until: 11,
  upgrade: (node) => [{ ...node, opType: 'ScatterElements' }],
};
