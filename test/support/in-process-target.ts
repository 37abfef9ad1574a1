import { createHash } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import type { Dataset, DatasetExample, DatasetLabel } from '../../src/engine/datasets/dataset.js';
import { jobInputOf } from '../../src/engine/evaluation/job-input.js';
import type { AttackTarget, TargetEvent } from '../../src/engine/evaluation/target.js';
import type { ModelSource } from '../../src/engine/models/model-source.js';
import { resolveAttackSpec } from '../../src/engine/runs/attack-spec.js';
import type { AttackJob } from '../../src/engine/runs/job.js';
import { loadServedModel } from '../../src/engine/runs/load-served-model.js';
import { runtime } from './small-models.js';
import { freely } from './street.js';

/** A model of this process as a target of evaluations, disposed of when the test ends. */
export async function inProcessTarget(
  t: ExecutionContext,
  source: ModelSource,
  maxExamples = 16,
): Promise<AttackTarget> {
  const served = await loadServedModel(source, { role: 'attack', runtime, memoryBudgetBytes: 2 ** 30 });
  t.teardown(() => served.dispose());
  const inputsOf = (examples: readonly DatasetExample[]) =>
    Promise.all(examples.map((example) => jobInputOf(example, served.info)));
  return {
    model: served.info,
    maxExamples,
    async *attack(request, examples, { signal }): AsyncGenerator<TargetEvent, void, void> {
      const inputs = await inputsOf(examples);
      const labelled = new Set(inputs.flatMap(({ labels }) => [...labels.keys()]));
      const spec = resolveAttackSpec(request, served.info, labelled);
      const job: AttackJob = { spec, inputs, labelFree: request.labelFree, progressEverySteps: 1, fields: [] };
      for await (const event of served.attack(job, freely({ signal }))) {
        if (event.type === 'progress') yield event;
        if (event.type === 'result') yield { type: 'result', result: { ...event.result, adversarialPng: undefined } };
        if (event.type === 'summary') yield { type: 'summary', provenance: event.summary.provenance };
      }
    },
    async predict(examples, { signal }) {
      const inputs = await inputsOf(examples);
      const tasks = served.info.tasks.map(({ name }) => name);
      const predictions = await served.predict({ inputs, tasks, fields: ['raw'] }, freely({ signal }));
      return predictions.map(
        (prediction) => new Map(prediction.tasks.flatMap(({ task, raw }) => (raw ? [[task, raw] as const] : []))),
      );
    },
  };
}

/** A label of a dataset: a class, or numbers. */
export const datasetLabel = (value: number | readonly number[]): DatasetLabel =>
  typeof value === 'number'
    ? { data: Float32Array.of(value), shape: [] }
    : { data: Float32Array.from(value), shape: [value.length] };

/** An example of features. */
export const featuresOf = (
  key: string,
  values: readonly number[],
  labels: Readonly<Record<string, number | readonly number[]>>,
): DatasetExample => ({
  key,
  input: { form: 'tensor', data: Float32Array.from(values), shape: [values.length] },
  labels: new Map(Object.entries(labels).map(([task, value]) => [task, datasetLabel(value)])),
});

/** A dataset in memory; reading an example that is an error throws it. */
export function datasetOf(
  examples: readonly (DatasetExample | { readonly key: string; readonly error: Error })[],
): Dataset {
  const byKey = new Map(examples.map((example) => [example.key, example]));
  const keys = examples.map(({ key }) => key);
  return {
    name: 'small',
    kind: 'manifest',
    keys,
    digest: createHash('sha256').update(JSON.stringify(keys)).digest('hex'),
    async read(key) {
      const example = byKey.get(key);
      if (example === undefined) throw new Error(`expected a key of the dataset, got ${key}`);
      if ('error' in example) throw example.error;
      return example;
    },
  };
}
