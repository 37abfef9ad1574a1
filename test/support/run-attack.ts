import type { AttackInput, AttackParameters, AttackRun } from '../../src/engine/attacks/attack.js';
import { attackDefaults } from '../../src/engine/attacks/defaults.js';
import { rowsOf } from './tensors.js';

/** The input of a run: what the test is about, and for the rest a seed, keys `a`, `b`, `c`, no random start and no abort. */
export const attackInput = ({
  parameters,
  ...input
}: Pick<AttackInput, 'source' | 'clean'> &
  Partial<Omit<AttackInput, 'parameters'>> & {
    readonly parameters?: Partial<AttackParameters>;
  }): AttackInput => ({
  keys: ['a', 'b', 'c'],
  seed: 1,
  restart: 0,
  signal: new AbortController().signal,
  parameters: { ...attackDefaults, randomStart: 'none', ...parameters },
  ...input,
});

/** A step of a run, with tensors as lists of examples. */
export interface PlainStep {
  readonly step: number;
  readonly before: number[][];
  readonly pixels: number[][];
}

/** Runs an attack to its end. */
export async function finish(run: AttackRun): Promise<PlainStep[]> {
  const history: PlainStep[] = [];
  for await (const { step, before, pixels } of run) {
    history.push({ step, before: rowsOf(before), pixels: rowsOf(pixels) });
  }
  return history;
}
