import { attributeValue } from '../../node.js';
import type { NodeWriter } from '../rewrite-nodes.js';
import type { UpgradePass } from './upgrade-pass.js';

/** `Softmax`, `LogSoftmax` and `Hardmax`: before opset 13 they run over all axes from `axis` (1 by default) on at once. */
export const softmax: UpgradePass = {
  before: 13,
  rewrite(node, writer) {
    const axis = attributeValue(node, 'axis', 'int') ?? 1;
    softmaxFrom(axis, node.opType, node.inputs[0] ?? '', writer, node.outputs);
  },
};

/**
 * Writes `opType` over all axes from `axis` on at once. Where that is only the last one, the nodes around do nothing, and
 * are dropped once shapes are known.
 */
export function softmaxFrom(
  axis: number,
  opType: string,
  x: string,
  writer: NodeWriter,
  outputs?: readonly string[],
): string {
  const rows = writer.op(opType, [writer.op('Flatten', [x], { axis })], { axis: -1 });
  return writer.op('Reshape', [rows, writer.op('Shape', [x])], {}, outputs);
}
