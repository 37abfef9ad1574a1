import type { NodeDef } from '../../graph.js';
import { float32Tensor } from '../../tensor-value.js';
import { type PassContext, type UpgradePass, withAttribute, withoutAttributes } from './pass.js';

/** What `Upsample` and `Resize` before opset 11 do, in the words of later ones. */
function asymmetric(node: NodeDef, scales: string): NodeDef {
  const words = withAttribute(
    withAttribute(node, 'coordinate_transformation_mode', { type: 'string', value: 'asymmetric' }),
    'nearest_mode',
    { type: 'string', value: 'floor' },
  );
  return { ...words, opType: 'Resize', inputs: [node.inputs[0] ?? '', '', scales] };
}

/** `Upsample`: scales were an attribute before opset 9, and the operator became `Resize` in opset 10. */
export const upsample: UpgradePass = {
  until: 10,
  upgrade: (node, context) => [asymmetric(withoutAttributes(node, 'scales'), scalesOf(node, context))],
};

function scalesOf(node: NodeDef, context: PassContext): string {
  const scales = node.attributes.get('scales');
  if (scales?.type !== 'floats') return node.inputs[1] ?? '';
  return context.constant(float32Tensor(Float32Array.from(scales.value), [scales.value.length]));
}

/** `Resize`: scales were its second input in opset 10. */
export const resize: UpgradePass = {
  until: 11,
  upgrade: (node) => [asymmetric(node, node.inputs[1] ?? '')],
};
