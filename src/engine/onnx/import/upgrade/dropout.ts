import { ELEMENT_SIZES } from '../../data-types.js';
import type { UpgradePass } from './upgrade-pass.js';

/**
 * `Dropout`: before opset 12, when it could not yet be told to drop, it passes its input on. The mask is then all 0, as
 * ONNX Runtime has it, in the type of X or, since opset 10, in booleans.
 */
export const dropout: UpgradePass = {
  before: 12,
  rewrite(node, writer, opset) {
    const [x] = node.inputs;
    const [y = '', mask] = node.outputs;
    writer.op('Identity', [x], {}, [y]);
    if (!mask) return;
    const dataType = opset < 10 ? 'float32' : 'bool';
    const value = { dataType, shape: [1], bytes: new Uint8Array(ELEMENT_SIZES[dataType]) } as const;
    const attributes = new Map([['value', { type: 'tensor', value } as const]]);
    writer.op('ConstantOfShape', [writer.op('Shape', [x])], attributes, [mask]);
  },
};
