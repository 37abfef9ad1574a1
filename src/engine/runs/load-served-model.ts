import { EngineError } from '../errors.js';
import { loadNetwork } from '../models/load-network.js';
import type { ModelSource } from '../models/model-source.js';
import { concurrentGate } from './concurrent-gate.js';
import { JointPredictions } from './joint-predictions.js';
import { requireMemory } from './require-memory.js';
import { runAttack } from './run-attack.js';
import { runGradientNorm } from './run-gradient-norm.js';
import { runPredict } from './run-predict.js';
import type { RunContext, ServedModel, ServedModelOptions } from './served-model.js';
import { transferGate } from './transfer-gate.js';

/** A guess for hang limits: what a graph does with tensors of any shape is not known. */
const INFER_ESTIMATE_MS = 1000;

/**
 * A model from its files, ready to be called.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the files make no model.
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when ONNX Runtime does not load.
 * @throws EngineError `MODEL_NOT_READY`. Thrown when a remote model does not answer.
 */
export async function loadServedModel(source: ModelSource, options: ServedModelOptions): Promise<ServedModel> {
  const network = await loadNetwork(source, options);
  const predictions = new JointPredictions(network, options.predictBatch ?? 1);
  const requireGradients = (): void => {
    if (options.role !== 'attack')
      throw new EngineError('INTERNAL', 'expected a host of the attack lane, got one of the serve lane');
  };
  const { remote } = network.config;
  const gate = remote && concurrentGate(remote.maxConcurrent);
  /** Who waits for another machine keeps nobody from computing on this one. */
  const around = (context: RunContext): RunContext => (gate === undefined ? context : { ...context, gate });
  return {
    info: network.info,
    gradients: network,
    infer: ({ inputs, outputs }, context) =>
      around(context).gate.run('predict', INFER_ESTIMATE_MS, context.signal, () => network.infer(inputs, outputs)),
    predict: (job, context) => runPredict(network, predictions, job, around(context), options),
    attack(job, context, surrogate) {
      requireGradients();
      if (surrogate === undefined) return runAttack(network, job, around(context), options);
      const mixed = gate === undefined ? context : { ...context, gate: transferGate(context.gate, gate) };
      return runAttack(network, job, mixed, { ...options, surrogate: surrogate.gradients });
    },
    gradientNorm(job, context) {
      requireGradients();
      return runGradientNorm(network, job, context, options);
    },
    requireMemory: (question) => requireMemory(network, question, options),
    keptBytes: () => network.keptBytes(),
    dispose: () => network.dispose(),
  };
}
