import { EngineError } from '../../../errors.js';
import { sizeOf } from '../../../tensor/shape.js';
import type { NodeDef } from '../../graph.js';
import { attributeValue, describeNode } from '../../node.js';
import { float32Of, float32Tensor } from '../../tensor-value.js';
import type { NodeWriter } from '../rewrite-nodes.js';
import type { UpgradePass } from './upgrade-pass.js';

/** `Upsample`, which became `Resize` in opset 10: factors are an attribute before opset 9, then an input. */
export const upsample: UpgradePass = {
  before: 10,
  rewrite(node, writer) {
    const factors = attributeValue(node, 'scales', 'floats');
    const input = factors && writer.constant(float32Tensor(Float32Array.from(factors), [factors.length]));
    resizeFrom0(node, writer, input ?? node.inputs[1]);
  },
};

/**
 * `Resize`: opset 10 has no modes but `nearest` and `linear`, both from coordinate x/scale. From opset 11 on, what is not
 * given could only be an empty tensor, which an optional input that is left out replaces.
 */
export const resize: UpgradePass = {
  before: 18,
  rewrite(node, writer, opset) {
    if (opset < 11) return resizeFrom0(node, writer, node.inputs[1]);
    const isCropped = attributeValue(node, 'coordinate_transformation_mode', 'string') === 'tf_crop_and_resize';
    const [x, roi, scales, sizes] = node.inputs;
    const given = (name: string | undefined): string | undefined => {
      const tensor = writer.constantOf(name);
      return tensor !== undefined && sizeOf(tensor.shape) === 0 ? undefined : name;
    };
    const inputs = [x, isCropped ? roi : undefined, given(scales), given(sizes)];
    writer.op('Resize', inputs, node.attributes, node.outputs);
  },
};

/** Position i of an axis takes what is at i / scale: for `nearest`, rounded down, or up where the axis gets shorter. */
function resizeFrom0(node: NodeDef, writer: NodeWriter, scales: string | undefined): void {
  if (!scales) throw new EngineError('INVALID_MODEL', `expected scales of ${describeNode(node)}, got none`);
  const mode = attributeValue(node, 'mode', 'string') ?? 'nearest';
  const write = (x: string | undefined, factors: string, rounding: 'floor' | 'ceil', outputs?: readonly string[]) =>
    writer.op(
      'Resize',
      [x, undefined, factors],
      { mode, coordinate_transformation_mode: 'asymmetric', nearest_mode: rounding },
      outputs,
    );
  const [x] = node.inputs;
  const tensor = writer.constantOf(scales);
  const factors = tensor === undefined ? new Float32Array() : float32Of(tensor);
  if (mode !== 'nearest' || factors.every((factor) => factor >= 1)) write(x, scales, 'floor', node.outputs);
  else if (factors.every((factor) => factor <= 1)) write(x, scales, 'ceil', node.outputs);
  else {
    const only = (keep: (factor: number) => boolean): string =>
      writer.constant(
        float32Tensor(
          factors.map((factor) => (keep(factor) ? factor : 1)),
          [factors.length],
        ),
      );
    const shrunk = write(
      x,
      only((factor) => factor < 1),
      'ceil',
    );
    write(
      shrunk,
      only((factor) => factor > 1),
      'floor',
      node.outputs,
    );
  }
}
