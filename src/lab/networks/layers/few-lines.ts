import { type Draft, type Feature, first, intsOf, unsupported } from './draft.js';

/** `Gemm`: a matrix that is not transposed, and a bias. */
export function gemm(draft: Draft): Feature {
  const { values, shape } = draft.constant(1);
  const ints = intsOf(draft.node);
  if (ints('transB', [0])[0] !== 0) throw unsupported(draft.node, 'a matrix that is not transposed');
  const [inputs = 0, outputs = 0] = shape;
  return draft.layer(
    'Dense',
    { units: outputs, activation: 'linear', use_bias: true },
    draft.inputs,
    [outputs],
    [
      { name: 'kernel', shape: [inputs, outputs], values: Float32Array.from(values) },
      { name: 'bias', shape: [outputs], values: Float32Array.from(draft.constant(2).values) },
    ],
  );
}

/** `BatchNormalization` with running statistics. */
export function batchNorm(draft: Draft): Feature {
  const { node, constant } = draft;
  const { shape } = first(draft);
  const epsilon = node.attributes.get('epsilon');
  const weights = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((name, i) => {
    const { values, shape: own } = constant(i + 1);
    return { name, shape: own, values: Float32Array.from(values) };
  });
  const config = { axis: -1, epsilon: epsilon?.type === 'float' ? epsilon.value : 1e-5 };
  return draft.layer('BatchNormalization', config, draft.inputs, shape, weights);
}

/** `LogSoftmax` over the channels, which TF.js has last. */
export function logSoftmax(draft: Draft): Feature {
  const { shape } = first(draft);
  const axis = draft.node.attributes.get('axis');
  if (axis?.type !== 'int' || axis.value !== 1) throw unsupported(draft.node, 'a log-softmax over axis 1');
  return draft.layer('Activation', { activation: 'logSoftmax' }, draft.inputs, shape);
}
