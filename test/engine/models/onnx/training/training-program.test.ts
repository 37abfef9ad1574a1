import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { root } from '../../../../support/street.js';
import {
  caseOf,
  type ReferenceCase,
  SMALL_CASES,
  type Summary,
  summaryOf,
} from '../../../../support/training-cases.js';
import { ourStep } from '../../../../support/training-step.js';

/** Of the largest entry of a tensor. */
const TOLERANCE = 1e-4;

/** A tensor of zeros, as the derivative by a bias before a batch norm, is known to this part of the largest entry of all. */
const SMALLEST = 1e-2;

// What PyTorch says in float64: `npm run conformance:training -- --write`.
const agrees = test.macro<[reference: ReferenceCase]>({
  title: (_, { name }) => `a training step of ${name} agrees with PyTorch in float64: losses, gradients and statistics`,
  async exec(t, reference) {
    const path = join(root, 'test/fixtures/training', `${reference.name}.json`);
    const expected = new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, Summary>));
    const training = await caseOf(reference);
    const actual = await ourStep(training);
    t.deepEqual([...actual.keys()].toSorted(), [...expected.keys()].toSorted());
    const { parameters } = training.trainable;
    const gradients = [...expected].flatMap(([name, { largest }]) => (parameters.has(name) ? [largest] : []));
    const floor = SMALLEST * Math.max(...gradients);
    for (const [name, numbers] of actual) {
      const { norm, entries, largest } = expected.get(name) as Summary;
      const own = summaryOf(numbers);
      const scale = Math.max(largest, floor);
      t.true(
        Math.abs(own.norm - norm) <= TOLERANCE * Math.max(norm, floor),
        `norm of ${name}: ${own.norm}, expected ${norm}`,
      );
      for (const [i, value] of entries.entries()) {
        const error = Math.abs((own.entries[i] as number) - value);
        t.true(error <= TOLERANCE * scale, `${name}, entry ${i}: ${own.entries[i]}, expected ${value}`);
      }
    }
  },
});
for (const reference of SMALL_CASES) test(agrees, reference);
