import type { Network } from '../models/network.js';
import type { Shape } from '../tensor/shape.js';
import { examplesOf, type Tensor } from '../tensor/tensor.js';
import type { ExampleOutcome } from './attack-batch.js';
import { extraInputShapes, stack, stackExtraInputs } from './batches.js';
import type { AttackResult } from './events.js';
import type { Example } from './examples.js';
import { guaranteed, normsOf, roundedTowardClean } from './guarantee.js';
import type { AttackJob } from './job.js';
import type { KnownLabels } from './labels.js';
import { fromLevels } from './levels.js';
import { scoresOf, type TaskScores, taskOutcomes } from './outcomes.js';
import type { Pace } from './pace.js';
import { payloadsOf } from './payloads.js';
import type { TaskOutput } from './scoring.js';

/** Examples of one shape that are attacked together, with what is known of them before. */
export interface Batch {
  readonly examples: readonly Example[];
  readonly labels: readonly KnownLabels[];
  /** What the original model says of the clean examples, by task. */
  readonly cleanOutputs: ReadonlyMap<string, Tensor>;
  readonly cleanScores: readonly TaskScores[];
  readonly shape: Shape;
  /** Rows of a native call: examples, and padding. */
  readonly size: number;
}

/** A result, but for what only the run knows. */
export type Verified = Omit<AttackResult, 'batchSize' | 'warnings'>;

/** Outputs and scores of all examples of a batch. */
interface Judged {
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly scores: readonly TaskScores[];
}

export const outputOf = (outputs: ReadonlyMap<string, Tensor>, task: string, n: number): TaskOutput => {
  const tensor = outputs.get(task) as Tensor;
  return { data: examplesOf(tensor)[n] as Float32Array, shape: tensor.shape.slice(1) };
};

/** Judges the outcomes of a batch by the original model, without trusting the attack or the program. */
export async function verifyBatch(
  network: Network,
  job: AttackJob,
  pace: Pace,
  batch: Batch,
  outcomes: readonly ExampleOutcome[],
): Promise<readonly Verified[]> {
  const { examples, labels, cleanOutputs, cleanScores, shape } = batch;
  const { epsilon, norm } = job.spec.parameters;
  const adversarial = examples.map(({ clean }, n) =>
    guaranteed((outcomes[n] as ExampleOutcome).pixels, clean, epsilon, norm),
  );
  const rounded = examples.map(({ clean, isWhole }, n) =>
    isWhole ? roundedTowardClean(adversarial[n] as Float32Array, clean) : undefined,
  );
  const before: Judged = { outputs: cleanOutputs, scores: cleanScores };
  // Where no step was made there is nothing new to judge.
  const isUntouched = outcomes.every(({ steps }) => steps === 0);
  const judge = (rows: readonly Float32Array[]): Promise<Judged> => judged(network, job, pace, batch, rows);
  const after = isUntouched ? before : await judge(adversarial);
  const isAnyWhole = rounded.some((row) => row !== undefined);
  const after8bit =
    isUntouched || !isAnyWhole ? after : await judge(rounded.map((row, n) => row ?? (adversarial[n] as Float32Array)));

  return examples.map((example, n): Verified => {
    const { steps, restart, terminatedBy } = outcomes[n] as ExampleOutcome;
    const [levels, levels8bit] = [adversarial[n] as Float32Array, rounded[n]];
    const scores = [before, after, after8bit].map((each) => each.scores[n] as TaskScores) as [
      TaskScores,
      TaskScores,
      TaskScores,
    ];
    return {
      key: example.key,
      tasks: taskOutcomes(network, job.spec, labels[n] as KnownLabels, scores[0], scores[1], levels8bit && scores[2]),
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
        outputs: new Map(
          network.info.tasks.map(({ name }) => [
            name,
            { clean: outputOf(cleanOutputs, name, n), adversarial: outputOf(after.outputs, name, n) },
          ]),
        ),
      }),
    };
  });
}

async function judged(
  network: Network,
  { spec }: AttackJob,
  pace: Pace,
  { examples, labels, shape, size }: Batch,
  rows: readonly Float32Array[],
): Promise<Judged> {
  const extra = stackExtraInputs(examples, extraInputShapes(network.info), size);
  const outputs = await pace.call('verify', () => network.predict(stack(rows, shape, size), extra));
  const scores = pace.scoring(examples.length, () =>
    labels.map((known, n) => scoresOf(network, spec, known, (task) => outputOf(outputs, task, n))),
  );
  return { outputs, scores };
}
