import { EngineError } from '../errors.js';
import { keyedRandom } from '../tensor/random.js';
import type { OutputSweepPoint } from './events.js';
import type { Example } from './examples.js';
import type { KnownLabel, KnownLabels } from './labels.js';

/**
 * The labels of an example with only `outputCount` of the positions of `task` that count, drawn without replacement.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when fewer positions count.
 */
export function labelsOfSubset(
  { key }: Example,
  labels: KnownLabels,
  task: string,
  outputCount: number,
  seed: number,
  draw: number,
): KnownLabels {
  const label = labels.get(task) as KnownLabel;
  const positions = [...label.valid.keys()].filter((i) => label.valid[i] === 1);
  if (outputCount > positions.length) {
    const field = 'sweep.output_counts';
    const description = `expected at most ${positions.length} positions, which count in example ${key}, got ${outputCount}`;
    throw new EngineError('INVALID_REQUEST', `${field}: ${description}`, { violations: [{ field, description }] });
  }
  const random = keyedRandom('sweep', seed, JSON.stringify([key, outputCount]), draw);
  const valid = new Uint8Array(label.valid.length);
  // The first steps of a Fisher–Yates shuffle: a uniform draw without replacement.
  for (let i = 0; i < outputCount; i++) {
    const j = i + Math.floor(random() * (positions.length - i));
    const drawn = positions[j] as number;
    positions[j] = positions[i] as number;
    valid[drawn] = 1;
  }
  return new Map(labels).set(task, { ...label, valid });
}

/** Mean and standard deviation (of a sample) of norms. */
export function sweepPoint(outputCount: number, norms: readonly number[]): OutputSweepPoint {
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
  const squares = norms.reduce((sum, norm) => sum + (norm - mean) ** 2, 0);
  return {
    outputCount,
    meanL2: mean,
    standardDeviationL2: norms.length > 1 ? Math.sqrt(squares / (norms.length - 1)) : 0,
    sampleCount: norms.length,
  };
}
