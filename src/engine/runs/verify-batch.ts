import type { Network } from '../models/network.js';
import type { Shape } from '../tensor/shape.js';
import { examplesOf, type Tensor } from '../tensor/tensor.js';
import type { ExampleOutcome } from './attack-batch.js';
import { extraInputShapes, stack, stackExtraInputs } from './batches.js';
import type { AttackResult, TaskOutcome } from './events.js';
import type { Example } from './examples.js';
import { guaranteed, normsOf, roundedTowardClean } from './guarantee.js';
import type { AttackJob } from './job.js';
import type { KnownLabels } from './labels.js';
import { fromLevels } from './levels.js';
import { taskOutcome } from './outcomes.js';
import type { Pace } from './pace.js';
import { payloadsOf } from './payloads.js';

/** Examples of one shape that were attacked together. */
export interface AttackedBatch {
  readonly examples: readonly Example[];
  readonly labels: readonly KnownLabels[];
  readonly outcomes: readonly ExampleOutcome[];
  /** What the original model says of the clean examples, by task. */
  readonly cleanOutputs: ReadonlyMap<string, Tensor>;
  readonly shape: Shape;
}

/** A result, but for what only the run knows. */
export type Verified = Omit<AttackResult, 'batchSize' | 'warnings'>;

/** Judges the outcomes of a batch by the original model, without trusting the attack or the program. */
export async function verifyBatch(
  network: Network,
  job: AttackJob,
  pace: Pace,
  batch: AttackedBatch,
): Promise<readonly Verified[]> {
  const { examples, labels, outcomes, cleanOutputs, shape } = batch;
  const { epsilon, norm } = job.spec.parameters;
  const adversarial = examples.map(({ clean }, n) =>
    guaranteed((outcomes[n] as ExampleOutcome).pixels, clean, epsilon, norm),
  );
  const rounded = examples.map(({ clean, isWhole }, n) =>
    isWhole ? roundedTowardClean(adversarial[n] as Float32Array, clean) : undefined,
  );
  const extra = stackExtraInputs(examples, extraInputShapes(network.info), examples.length);
  const predict = (rows: readonly Float32Array[]): Promise<ReadonlyMap<string, Tensor>> =>
    pace.call('verify', () => network.predict(stack(rows, shape, examples.length), extra));
  const outputs = await predict(adversarial);
  const isAnyWhole = rounded.some((row) => row !== undefined);
  const outputs8bit = isAnyWhole
    ? await predict(rounded.map((row, n) => row ?? (adversarial[n] as Float32Array)))
    : undefined;

  return examples.map((example, n) => {
    const outputOf = (all: ReadonlyMap<string, Tensor>, task: string) => {
      const tensor = all.get(task) as Tensor;
      return { data: examplesOf(tensor)[n] as Float32Array, shape: tensor.shape.slice(1) };
    };
    const { steps, restart, terminatedBy } = outcomes[n] as ExampleOutcome;
    const [levels, levels8bit] = [adversarial[n] as Float32Array, rounded[n]];
    const perTask = new Map(
      network.info.tasks.map(({ name }) => [
        name,
        { clean: outputOf(cleanOutputs, name), adversarial: outputOf(outputs, name) },
      ]),
    );
    const tasks = network.info.tasks.flatMap((task): TaskOutcome[] => {
      const label = labels[n]?.get(task.name);
      if (label === undefined) return [];
      const adversarial8bit = levels8bit && outputs8bit && outputOf(outputs8bit, task.name);
      const { clean, adversarial: after } = perTask.get(task.name) as { clean: Tensor; adversarial: Tensor };
      return [taskOutcome(network, job.spec, task, label, { clean, adversarial: after, adversarial8bit })];
    });
    return {
      key: example.key,
      tasks,
      perturbation: normsOf(levels, example.clean),
      perturbation8bit: levels8bit && normsOf(levels8bit, example.clean),
      steps,
      restart,
      terminatedBy,
      payloads: payloadsOf(job.fields, network.info.tasks, {
        clean: example.clean,
        adversarial: levels,
        adversarial8bit: levels8bit,
        adversarialInUnits: fromLevels(levels, network.info.input),
        shape,
        outputs: perTask,
      }),
    };
  });
}
