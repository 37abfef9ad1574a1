import {
  type AttackJob,
  type AttackTarget,
  type DatasetExample,
  type JobInput,
  jobInputOf,
  type ModelInfo,
  resolveAttackSpec,
  type TargetEvent,
} from '../../engine/index.js';
import type { CallOptions, Lane } from '../../host/index.js';

/** As many as the largest program takes at once. */
const MAX_EXAMPLES = 16;

/** A model that a host has loaded, as the target of evaluations. */
export function laneTarget(lane: Lane, info: ModelInfo): AttackTarget {
  return {
    model: info,
    maxExamples: MAX_EXAMPLES,
    async *attack(request, examples, { signal }): AsyncGenerator<TargetEvent, void, void> {
      const inputs = await inputsOf(examples, info);
      const labelled = new Set(inputs.flatMap(({ labels }) => [...labels.keys()]));
      const spec = resolveAttackSpec({ ...request, fullBatches: true }, info, labelled);
      const job: AttackJob = { spec, inputs, labelFree: request.labelFree, progressEverySteps: 1, fields: [] };
      for await (const event of lane.attack(info, job, callOptions(signal))) {
        if (event.type === 'progress') yield event;
        else if (event.type === 'summary') yield { type: 'summary', provenance: event.summary.provenance };
        else yield { type: 'result', result: { ...event.result, adversarialPng: undefined } };
      }
    },
    async predict(examples, { signal }) {
      const inputs = await inputsOf(examples, info);
      const job = { inputs, tasks: info.tasks.map(({ name }) => name), fields: ['raw'] } as const;
      const predictions = await lane.predict(info, job, callOptions(signal));
      return predictions.map(
        ({ tasks }) => new Map(tasks.flatMap(({ task, raw }) => (raw === undefined ? [] : [[task, raw] as const]))),
      );
    },
  };
}

/** Examples as the model takes them. */
export const inputsOf = (examples: readonly DatasetExample[], info: ModelInfo): Promise<readonly JobInput[]> =>
  Promise.all(examples.map((example) => jobInputOf(example, info)));

/** A call of an experiment into its host. */
export const callOptions = (signal: AbortSignal): CallOptions => ({
  runId: 'lab',
  principal: '',
  deadlineMs: undefined,
  traceParent: undefined,
  signal,
});
