import type { NodeDef } from '../../graph.js';
import { float32Tensor, int64Tensor } from '../../tensor-value.js';
import { floatOf, intOf, intsOf, type PassContext, type UpgradePass, withInput, withoutAttributes } from './pass.js';

/** An operator whose list of whole numbers became an input. */
export const integersToInput = (until: number, attribute: string, index: number): UpgradePass => ({
  until,
  upgrade(node, context) {
    const values = intsOf(node, attribute);
    const rest = withoutAttributes(node, attribute);
    return [values === undefined ? rest : withInput(rest, index, context.constant(int64Tensor(values)))];
  },
});

/** `Clip`: its bounds became inputs in opset 11. */
export const clip: UpgradePass = {
  until: 11,
  upgrade: (node, context) => [
    ['min', 'max'].reduce(
      (result, name, i) => withScalar(result, i + 1, floatOf(node, name), context),
      withoutAttributes(node, 'min', 'max'),
    ),
  ],
};

const withScalar = (node: NodeDef, index: number, value: number | undefined, context: PassContext): NodeDef =>
  value === undefined ? node : withInput(node, index, context.constant(float32Tensor(Float32Array.of(value), [])));

/** `Pad`: its pads and its constant became inputs in opset 11. */
export const pad: UpgradePass = {
  until: 11,
  upgrade(node, context) {
    const pads = context.constant(int64Tensor(intsOf(node, 'pads') ?? []));
    const padded = withInput(withoutAttributes(node, 'pads', 'value'), 1, pads);
    return [withScalar(padded, 2, floatOf(node, 'value'), context)];
  },
};

/** `Slice`: all that it slices by became inputs in opset 10. */
export const slice: UpgradePass = {
  until: 10,
  upgrade: (node, context) => [
    ['starts', 'ends', 'axes'].reduce(
      (result, name, i) => {
        const values = intsOf(node, name);
        return values === undefined ? result : withInput(result, i + 1, context.constant(int64Tensor(values)));
      },
      withoutAttributes(node, 'starts', 'ends', 'axes'),
    ),
  ],
};

/** `TopK`: k became an input in opset 10. */
export const topK: UpgradePass = {
  until: 10,
  upgrade: (node, context) => [
    withInput(withoutAttributes(node, 'k'), 1, context.constant(int64Tensor([intOf(node, 'k') ?? 1]))),
  ],
};

/** `Split`: lengths became an input in opset 13; a split into equal parts says their number from opset 18 on. */
export const split: UpgradePass = {
  until: 18,
  upgrade(node, context) {
    const lengths = intsOf(node, 'split');
    if (lengths !== undefined) {
      return [withInput(withoutAttributes(node, 'split'), 1, context.constant(int64Tensor(lengths)))];
    }
    if (node.inputs[1]) return [node];
    const attributes = new Map(node.attributes).set('num_outputs', { type: 'int', value: node.outputs.length });
    return [{ ...node, attributes }];
  },
};
