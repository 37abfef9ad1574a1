import type { UpgradePass } from './upgrade-pass.js';

/** `RoiAlign`: before opset 16 it does not shift coordinates by half a pixel, as is the default since. */
export const roiAlign: UpgradePass = {
  before: 16,
  rewrite(node, writer) {
    const shift = new Map([
      ['coordinate_transformation_mode', { type: 'string', value: 'output_half_pixel' } as const],
    ]);
    writer.op('RoiAlign', node.inputs, new Map([...node.attributes, ...shift]), node.outputs);
  },
};
