import { EngineError, type RunningStatistics } from '../../engine/index.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { Rates } from './schedules/schedule.js';

/** The numbers of a model in training. Changed in place. */
export interface TrainedNumbers {
  /** Parameters and running statistics, by name. */
  readonly state: ReadonlyMap<string, Float32Array>;
  /** What the optimizer remembers, by slot and name. */
  readonly slots: ReadonlyMap<string, Map<string, Float32Array>>;
}

/** Moves parameters by their gradients; one without a gradient stays as it is. */
export function updateParameters(
  { state, slots }: TrainedNumbers,
  gradients: ReadonlyMap<string, Float32Array>,
  optimizer: Optimizer,
  { learningRate, momentum }: Rates,
  count: number,
): void {
  for (const [name, gradient] of gradients) {
    const values = numbersOf(state, name);
    if (values.length !== gradient.length) {
      const text = `expected a gradient of ${values.length} numbers for ${name}, got ${gradient.length}`;
      throw new EngineError('INTERNAL', text);
    }
    const own = optimizer.slots.map((slot) => [slot, slotOf(slots, slot, name, values.length)]);
    optimizer.update({ values, gradient, slots: Object.fromEntries(own), learningRate, momentum, count });
  }
}

function slotOf(slots: TrainedNumbers['slots'], slot: string, name: string, length: number): Float32Array {
  const arrays = slots.get(slot);
  if (arrays === undefined) throw new EngineError('INTERNAL', `expected the slot ${slot}, got none`);
  const known = arrays.get(name) ?? new Float32Array(length);
  arrays.set(name, known);
  return known;
}

/**
 * Averages running statistics with those of a batch: r ← (1 − m) r + m b. Source: PyTorch's `BatchNorm2d`.
 *
 * @param found those of the batch, by name; the others stay as they are
 */
export function updateStatistics(
  { state }: Pick<TrainedNumbers, 'state'>,
  statistics: readonly RunningStatistics[],
  found: ReadonlyMap<string, Float32Array>,
  momentum: number,
): void {
  for (const name of statistics.flatMap(({ mean, variance }) => [mean, variance])) {
    const values = found.get(name);
    if (values === undefined) continue;
    const running = numbersOf(state, name);
    for (let i = 0; i < running.length; i++) {
      running[i] = (1 - momentum) * (running[i] as number) + momentum * (values[i] as number);
    }
  }
}

function numbersOf(state: TrainedNumbers['state'], name: string): Float32Array {
  const values = state.get(name);
  if (values === undefined) throw new EngineError('INTERNAL', `expected ${name} in the state of the model, got none`);
  return values;
}
