import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeNpy } from '../../src/engine/tensor/npy.js';
import { median } from '../statistics.js';
import type { Answer, Stepper } from './stepper.js';

/** Milliseconds that a turn should last: long beside what starting it takes. */
const TURN_MS = 2000;
const MOST_STEPS = 20;
const WARM_UP_STEPS = 3;
/** Differences of gradients from here on are beside those that float32 makes. */
const ROUNDED = 1e-3;

/** One network at one batch: times are medians in milliseconds, of one step or one prediction. */
export interface Facts {
  readonly network: string;
  readonly batch: number;
  readonly versions: Readonly<Record<string, string>>;
  /** ‖ours − theirs‖ ÷ ‖theirs‖ of the gradients at the clean images. */
  readonly gradientError: number;
  /** The same of PyTorch's own gradient and that in float64, of one example; measured where ours differs by `ROUNDED`. */
  readonly rounding: number | undefined;
  readonly ours: Side;
  readonly torch: Side;
  /** Of each library: its step, or why there is none. */
  readonly libraries: ReadonlyMap<string, number | string>;
  /** From the files to a program that has not run yet. */
  readonly compileSeconds: number;
}

export interface Side {
  readonly stepMs: number;
  readonly forwardMs: number;
  /** Largest resident memory of a process that loaded the network and took steps. */
  readonly peakBytes: number;
}

export interface Turns {
  readonly folder: string;
  readonly network: string;
  readonly batch: number;
  readonly rounds: number;
  /** Libraries that are timed in PyTorch's process. */
  readonly libraries: readonly string[];
}

/**
 * Times both children turn and turn about, so that a machine that others slow down slows both.
 *
 * @throws Error. Thrown when a child cannot do it.
 */
export async function measure(ours: Stepper, torch: Stepper, turns: Turns): Promise<Facts> {
  const { network, batch, rounds } = turns;
  const load = { do: 'load', folder: join(turns.folder, network), batch } as const;
  const [ourLoad, torchLoad] = [await ours.ask(load), await torch.ask(load)];
  const gradientError = await compareGradients(ours, torch);
  const sides = [ours, torch];
  const warm = { do: 'steps', count: WARM_UP_STEPS } as const;
  const slowest = Math.max(await ours.msEach(warm), await torch.msEach(warm));
  const count = Math.min(MOST_STEPS, Math.max(1, Math.round(TURN_MS / slowest)));
  const peaks = [await peakBytes(ours), await peakBytes(torch)];
  const rounding = gradientError < ROUNDED ? undefined : (await torch.ask({ do: 'rounding' })).rounding;
  const libraries = new Map<string, number[] | string>();
  for (const name of turns.libraries) libraries.set(name, await tried(torch, name));
  const [steps, forwards] = [sides.map((): number[] => []), sides.map((): number[] => [])];
  for (const side of sides) await side.ask({ do: 'forward', count: 1 });
  for (let round = 0; round < rounds; round++) {
    for (const [i, side] of sides.entries()) steps[i]?.push(await side.msEach({ do: 'steps', count }));
    for (const [name, times] of libraries) {
      if (typeof times !== 'string') times.push(await torch.msEach({ do: 'library', name, count }));
    }
    for (const [i, side] of sides.entries()) forwards[i]?.push(await side.msEach({ do: 'forward', count }));
  }
  const side = (i: number): Side => ({
    stepMs: median(steps[i] ?? []),
    forwardMs: median(forwards[i] ?? []),
    peakBytes: peaks[i] ?? Number.NaN,
  });
  return {
    network,
    batch,
    versions: { ...ourLoad.versions, ...torchLoad.versions },
    gradientError,
    rounding,
    ours: side(0),
    torch: side(1),
    libraries: new Map(
      [...libraries].map(([name, times]) => [name, typeof times === 'string' ? times : median(times)]),
    ),
    compileSeconds: (ourLoad.ms ?? Number.NaN) / 1000,
  };
}

const peakBytes = async (stepper: Stepper): Promise<number> => (await stepper.ask({ do: 'memory' })).peakBytes ?? NaN;

/** Times to come, or why a library does not attack this network. */
async function tried(torch: Stepper, name: string): Promise<number[] | string> {
  const outcome: Answer = await torch
    .ask({ do: 'library', name, count: 1 })
    .catch((error: Error) => ({ error: error.message }));
  return outcome.error ?? [];
}

async function compareGradients(ours: Stepper, torch: Stepper): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'robustgate-peers-'));
  try {
    const gradient = async (stepper: Stepper, name: string): Promise<ArrayLike<number | bigint>> => {
      const file = join(folder, `${name}.npy`);
      await stepper.ask({ do: 'gradient', file });
      return decodeNpy(await readFile(file)).data;
    };
    return relativeError(await gradient(ours, 'ours'), await gradient(torch, 'torch'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** ‖actual − expected‖ ÷ ‖expected‖; NaN where one of them holds NaN, ∞ where their sizes differ. */
function relativeError(actual: ArrayLike<number | bigint>, expected: ArrayLike<number | bigint>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [differences, squares] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    differences += (Number(actual[i]) - Number(expected[i])) ** 2;
    squares += Number(expected[i]) ** 2;
  }
  return Math.sqrt(differences / squares);
}
