import test from 'ava';
import type { AttackParameters } from '../../../src/engine/attacks/attack.js';
import type { AttackResult, AttackSummary } from '../../../src/engine/runs/events.js';
import type { JobInput } from '../../../src/engine/runs/job.js';
import { loadServedModel } from '../../../src/engine/runs/load-served-model.js';
import type { ServedModel } from '../../../src/engine/runs/served-model.js';
import { attackSpec, finishAttack, scenesUpTo, streetSource } from '../../support/street.js';
import { channelsLast, twinOf } from '../../support/tfjs.js';

const TASKS = ['segmentation', 'depth', 'reconstruction'];
const OPTIONS = { role: 'attack', runtime: { threads: 1, allowSpinning: false }, memoryBudgetBytes: 2 ** 30 } as const;

/** A scene with its pixels channels last; labels of the depth are [H, W] for both. */
function turned({ pixels, shape, ...scene }: JobInput): JobInput {
  const last = channelsLast({ data: Float32Array.from(pixels), shape: [1, ...shape] });
  return { ...scene, pixels: last.data, shape: last.shape.slice(1) };
}

interface Attacked {
  readonly results: readonly AttackResult[];
  readonly summary: AttackSummary;
}

const attack = (model: ServedModel, name: string, parameters: Partial<AttackParameters>, scenes: readonly JobInput[]) =>
  finishAttack(
    model,
    attackSpec(model, name, TASKS, parameters, { seed: 7, combination: 'balanced', batchSize: 1 }),
    scenes,
    {
      fields: ['adversarial-8bit'],
    },
  );

/** Share of the elements of the first's 8-bit images that the second has too. */
function agreement(actual: Attacked, expected: Attacked, isTurned: boolean): number {
  const images = ({ results }: Attacked, turn: boolean): number[] =>
    results.flatMap(({ payloads: [payload] }) => {
      const { data = [], shape = [] } = payload?.tensor ?? {};
      const floats = Float32Array.from(data as Uint8Array);
      return [...(turn ? channelsLast({ data: floats, shape: [1, ...shape] }).data : floats)];
    });
  const [a, b] = [images(actual, false), images(expected, isTurned)];
  return a.length === b.length ? a.filter((value, i) => value === b[i]).length / a.length : 0;
}

/** Metrics of both within the tolerances of the demo. */
function figuresAgree(actual: Attacked, expected: Attacked): boolean {
  return expected.summary.tasks.every((task, i) => {
    const [a, b] = [actual.summary.tasks[i]?.adversarial.value ?? Number.NaN, task.adversarial.value ?? Number.NaN];
    return Math.abs(a - b) <= (task.task === 'segmentation' ? 0.005 : 0.01 * b);
  });
}

test('the same attack with the same seed gives the same images on TF.js: 99 % of the pixels of FGSM, 85 % of PGD-10', async (t) => {
  const onnx = await loadServedModel(streetSource(), OPTIONS);
  const last = await loadServedModel(twinOf(streetSource(), 'wasm'), OPTIONS);
  // Draws of a start go by the order of the pixels: for the same ones the model must have the same layout.
  const first = await loadServedModel(twinOf(streetSource(), 'wasm', 'NCHW'), OPTIONS);
  t.teardown(() => Promise.all([onnx, last, first].map((model) => model.dispose())));
  const scenes = scenesUpTo(2);

  const fgsm = { steps: 1, epsilon: 4 };
  const [one, other] = [await attack(last, 'fgsm', fgsm, scenes.map(turned)), await attack(onnx, 'fgsm', fgsm, scenes)];
  t.true(agreement(one, other, true) >= 0.99, `${agreement(one, other, true)}`);
  t.true(figuresAgree(one, other));

  const pgd = { steps: 10, epsilon: 4, randomStart: 'uniform' } as const;
  const [mine, theirs] = [await attack(first, 'pgd', pgd, scenes), await attack(onnx, 'pgd', pgd, scenes)];
  t.true(agreement(mine, theirs, false) >= 0.85, `${agreement(mine, theirs, false)}`);
  t.true(figuresAgree(mine, theirs));
  t.like(mine.summary, { terminatedBy: theirs.summary.terminatedBy });
});
