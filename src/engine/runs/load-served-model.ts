import { EngineError } from '../errors.js';
import { loadNetwork } from '../models/load-network.js';
import type { ModelSource } from '../models/model-source.js';
import { JointPredictions } from './joint-predictions.js';
import { runAttack } from './run-attack.js';
import { runGradientNorm } from './run-gradient-norm.js';
import { runPredict } from './run-predict.js';
import type { ServedModel, ServedModelOptions } from './served-model.js';

/** A guess for hang limits: what a graph does with tensors of any shape is not known. */
const INFER_ESTIMATE_MS = 1000;

/**
 * A model from its files, ready to be called.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the files make no model.
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when ONNX Runtime does not load.
 */
export async function loadServedModel(source: ModelSource, options: ServedModelOptions): Promise<ServedModel> {
  const network = await loadNetwork(source, options);
  const predictions = new JointPredictions(network, options.predictBatch ?? 1);
  const requireGradients = (): void => {
    if (options.role !== 'attack')
      throw new EngineError('INTERNAL', 'expected a host of the attack lane, got one of the serve lane');
  };
  return {
    info: network.info,
    infer: ({ inputs, outputs }, context) =>
      context.gate.run('predict', INFER_ESTIMATE_MS, context.signal, () => network.infer(inputs, outputs)),
    predict: (job, context) => runPredict(network, predictions, job, context, options),
    attack(job, context) {
      requireGradients();
      return runAttack(network, job, context, options);
    },
    gradientNorm(job, context) {
      requireGradients();
      return runGradientNorm(network, job, context, options);
    },
    dispose: () => network.dispose(),
  };
}
