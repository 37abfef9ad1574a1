import type { ImageLayout } from '../attacks/attack.js';
import { findAttack } from '../attacks/methods/index.js';
import { EngineError } from '../errors.js';
import type { ModelState, PixelProgram, TrainingStep } from '../models/trainable.js';
import type { Tensor } from '../tensor/tensor.js';
import { type BatchLabels, objectiveSource } from './objective-source.js';
import type { AttackSpec } from './spec.js';

/** An attack that is part of a training. */
export interface TrainingAttack {
  /** Of the objective's tasks and losses, in its order. */
  readonly program: PixelProgram;
  readonly spec: AttackSpec;
  /** Of images; `undefined` for features. */
  readonly layout: ImageLayout | undefined;
}

/** The examples that are attacked, as many as the program takes. */
export interface TrainingAttackInput extends BatchLabels {
  /** What the model is now. */
  readonly state: ModelState;
  /** Clean, in levels. */
  readonly pixels: Tensor;
  /** One for each example: its random start depends on it. */
  readonly keys: readonly string[];
  readonly signal: AbortSignal;
  /** Told of the statistics of every pass, where batch norms have those of the batch. */
  onStatistics(statistics: TrainingStep['statistics']): void;
}

/**
 * Attacks a batch with the weights that a model has now, by the update rules that attacks on served models have.
 *
 * @returns the last iterate, in levels, inside the ball and the range
 * @throws the signal's reason. Thrown before the next step once it is aborted.
 */
export async function attackTrainingBatch(attack: TrainingAttack, input: TrainingAttackInput): Promise<Tensor> {
  const { program, spec, layout } = attack;
  const { state, pixels: clean, keys, signal, labels, valid, onStatistics } = input;
  const source = objectiveSource({
    program: {
      batchSize: program.batchSize,
      run: async (request) => {
        const output = await program.run({ ...request, state });
        onStatistics(output.statistics);
        return output;
      },
    },
    objective: spec.objective,
    targeted: spec.targeted,
    labels: { labels, valid },
    extraInputs: new Map(),
    pace: { call: (_, run) => run() },
    // A batch goes on without what an example lacks.
    onOddGradient: () => {},
  });
  const { parameters, seed } = spec;
  let last = clean;
  const run = findAttack(spec.attack).run({ source, clean, keys, seed, restart: 0, parameters, layout, signal });
  for await (const { pixels } of run) last = pixels;
  return last;
}

/**
 * Makes sure that an attack can be part of a training: it follows gradients once, and what it ends with is trained on.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when it cannot.
 */
export function requireTrainingAttack({ attack, parameters, targeted }: AttackSpec): void {
  const { restarts, iterate, earlyStop } = parameters;
  const refuse = (expected: string, got: string): never => {
    throw new EngineError('INVALID_CONFIG', `adversarial.attack: expected ${expected}, got ${got}`);
  };
  if (findAttack(attack).isBlackBox) refuse('an attack that follows gradients', attack);
  if (restarts !== 1) refuse('one try', `restarts=${restarts}`);
  if (iterate !== 'last') refuse('iterate=last', `iterate=${iterate}`);
  if (earlyStop) refuse('all of its steps', 'earlyStop=true');
  if (targeted) refuse('an attack that raises losses', `targeted-${attack}`);
}
