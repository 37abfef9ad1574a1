import { EngineError, loadServedModel, type ModelInfo, type ServedModel } from '../../src/engine/index.js';
import { type Priority, StepScheduler } from '../../src/host/child/step-scheduler.js';
import type { CallOptions, Hosts, Lane, ModelRef } from '../../src/host/index.js';

/**
 * Hosts that run models in this very process: all that children do but for being children, so that a test of the server starts
 * at once.
 */
export function inProcessHosts(): Hosts {
  const drain = new AbortController();
  const scheduler = new StepScheduler({ begin: () => undefined, end: () => undefined });
  const models = new Map<string, ServedModel>();
  const keyOf = ({ name, version }: ModelRef): string => `${name}@${version}`;
  const modelOf = (ref: ModelRef): ServedModel => {
    const model = models.get(keyOf(ref));
    if (model === undefined)
      throw new EngineError('MODEL_NOT_READY', `expected ${keyOf(ref)} to be loaded, got it not`);
    return model;
  };
  const contextOf = (ref: ModelRef, usual: Priority, { runId, signal, deadlineMs, priority }: CallOptions) => ({
    signal,
    drain: drain.signal,
    deadlineMs,
    transitMs: 0,
    gate: scheduler.enter({ runId, priority: priority ?? usual, model: keyOf(ref) }),
    now: () => performance.now(),
  });
  const lane: Lane = {
    isReady: true,
    pid: process.pid,
    quarantineReason: () => undefined,
    releaseQuarantine: () => undefined,
    keptBytes: (ref) => models.get(keyOf(ref))?.keptBytes() ?? 0,
    async load(source): Promise<ModelInfo> {
      const options = {
        role: 'attack',
        runtime: { threads: 1, allowSpinning: false },
        memoryBudgetBytes: 2 ** 30,
        predictBatch: 16,
      } as const;
      const model = await loadServedModel(source, options);
      models.set(keyOf(source), model);
      return model.info;
    },
    async unload(ref) {
      await models.get(keyOf(ref))?.dispose();
      models.delete(keyOf(ref));
    },
    requireMemory: (ref, question) => modelOf(ref).requireMemory(question),
    async predict(ref, job, options) {
      const context = contextOf(ref, 'predict', options);
      try {
        return await modelOf(ref).predict(job, context);
      } finally {
        context.gate.leave();
      }
    },
    async infer(ref, job, options) {
      const context = contextOf(ref, 'predict', options);
      try {
        return await modelOf(ref).infer(job, context);
      } finally {
        context.gate.leave();
      }
    },
    async *attack(ref, job, options) {
      const context = contextOf(ref, 'attack', options);
      try {
        yield* modelOf(ref).attack(job, context, job.surrogate && modelOf(job.surrogate));
      } finally {
        context.gate.leave();
      }
    },
    async *gradientNorm(ref, job, options) {
      const context = contextOf(ref, 'attack', options);
      try {
        yield* modelOf(ref).gradientNorm(job, context);
      } finally {
        context.gate.leave();
      }
    },
  };
  return {
    serve: lane,
    attack: lane,
    drain: () => drain.abort(),
    async close() {
      for (const model of models.values()) await model.dispose();
    },
  };
}
