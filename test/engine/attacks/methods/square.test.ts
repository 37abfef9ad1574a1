import test from 'ava';
import type { AttackParameters, GradientSource } from '../../../../src/engine/attacks/attack.js';
import { shareAt, square } from '../../../../src/engine/attacks/methods/square.js';
import type { Tensor } from '../../../../src/engine/tensor/tensor.js';
import { attacksEachExampleAlone, staysInBallAndBounds, stopsWhenAborted } from '../../../support/attack-properties.js';
import { attackInput, finish } from '../../../support/run-attack.js';
import { evaluationOf, wavy } from '../../../support/sources.js';
import { batch, rowsOf } from '../../../support/tensors.js';

/** A source whose objective is `f` of each example, and that counts what it is asked. */
function counted(f: (example: readonly number[]) => number): { source: GradientSource; asked: Tensor[] } {
  const asked: Tensor[] = [];
  const source: GradientSource = {
    evaluate: async (pixels) => {
      asked.push(pixels);
      return evaluationOf(rowsOf(pixels).map(f), { data: new Float32Array(pixels.data.length), shape: pixels.shape });
    },
  };
  return { source, asked };
}

test(staysInBallAndBounds, square, 'linf');
test(attacksEachExampleAlone, square);
test(stopsWhenAborted, square);

test('every step is one query of the whole batch, and ends at the best point that was asked about', async (t) => {
  const { source, asked } = counted((example) => example.reduce((sum, x) => sum + Math.sin(x), 0));
  const clean = batch([30, 40, 50, 60], [170, 180, 190, 200]);
  const run = square.run(attackInput({ source, clean, parameters: { steps: 40 } }));
  const best = [-Infinity, -Infinity];
  let steps = 0;
  for await (const { step, before, evaluation, pixels } of run) {
    steps++;
    t.is(step, steps);
    t.is(asked.length, steps);
    t.deepEqual(before.data, asked.at(-1)?.data);
    for (const n of [0, 1]) {
      const objective = evaluation.objective[n] as number;
      const isBetter = objective > (best[n] as number);
      best[n] = Math.max(best[n] as number, objective);
      const value = rowsOf(pixels)[n]?.reduce((sum, x) => sum + Math.sin(x), 0) as number;
      t.true(Math.abs(value - (best[n] as number)) < 1e-5, `step ${step}: ${value}, but the best is ${best[n]}`);
      if (isBetter) t.deepEqual(rowsOf(pixels)[n], rowsOf(before)[n]);
    }
  }
  t.is(steps, 40);
});

const corners = test.macro<[title: string, f: (x: number, y: number) => number, clean: readonly [number, number]]>({
  title: (_, title) => `in two dimensions it finds the best corner of the box: ${title}`,
  async exec(t, _, f, clean) {
    const epsilon = 4;
    const ends = clean.map((x) => [Math.max(0, x - epsilon), Math.min(255, x + epsilon)] as const);
    const all = (ends[0] ?? []).flatMap((x) => (ends[1] ?? []).map((y) => [x, y]));
    const optimum = all.toSorted((a, b) => f(...(b as [number, number])) - f(...(a as [number, number])))[0];
    const { source } = counted(([x = 0, y = 0]) => f(x, y));
    for (const seed of [1, 2, 3, 4]) {
      const run = square.run(attackInput({ source, clean: batch(clean), seed, parameters: { epsilon, steps: 24 } }));
      t.deepEqual((await finish(run)).at(-1)?.pixels, [optimum]);
    }
  },
});
test(corners, 'a slope', (x, y) => 2 * x - y, [100, 100]);
test(corners, 'a slope the other way', (x, y) => y - 3 * x, [100, 100]);
test(corners, 'at the edge of the range', (x, y) => x + y, [1, 254]);
test(corners, 'curved', (x, y) => (x - 99) ** 2 + (y - 101) ** 2, [100, 100]);

test('the first query is at vertical stripes of ±ε, of a colour of its own in each channel', async (t) => {
  const [height, width] = [3, 64];
  for (const layout of ['NCHW', 'NHWC'] as const) {
    const shape = layout === 'NCHW' ? [1, 2, height, width] : [1, height, width, 2];
    const clean = { data: new Float32Array(2 * height * width).fill(100), shape };
    const { source, asked } = counted(() => 0);
    await finish(square.run(attackInput({ source, clean, layout, parameters: { steps: 1, epsilon: 4 } })));
    const at = (c: number, y: number, x: number): number =>
      asked[0]?.data[layout === 'NCHW' ? (c * height + y) * width + x : (y * width + x) * 2 + c] as number;
    const columns = Array.from({ length: width }, (_, x) => x);
    for (const c of [0, 1]) {
      t.true(
        columns.every(
          (x) => Math.abs(at(c, 0, x) - 100) === 4 && at(c, 1, x) === at(c, 0, x) && at(c, 2, x) === at(c, 0, x),
        ),
      );
      t.true(columns.some((x) => at(c, 0, x) === 96) && columns.some((x) => at(c, 0, x) === 104));
    }
    t.true(columns.some((x) => at(0, 0, x) !== at(1, 0, x)));
  }
});

test('a later query changes one square, of one colour in each channel, and nothing else', async (t) => {
  const [height, width, steps] = [20, 30, 200];
  const clean = { data: new Float32Array(3 * height * width).fill(100), shape: [1, 3, height, width] };
  const { source, asked } = counted(() => 0);
  await finish(square.run(attackInput({ source, clean, layout: 'NCHW', parameters: { steps } })));
  const [first, ...later] = asked as [Tensor, ...Tensor[]];
  for (const [i, { data }] of later.entries()) {
    const side = Math.max(1, Math.round(Math.sqrt(shareAt(i, steps) * height * width)));
    const changed = [...data.keys()].filter((at) => data[at] !== first.data[at]);
    t.true(changed.length > 0, `query ${i + 2} asks what was asked before`);
    const [ys, xs] = [changed.map((at) => Math.floor(at / width) % height), changed.map((at) => at % width)];
    t.true(Math.max(...ys) - Math.min(...ys) < side && Math.max(...xs) - Math.min(...xs) < side, `query ${i + 2}`);
    for (const c of [0, 1, 2]) {
      const values = changed.filter((at) => Math.floor(at / (height * width)) === c).map((at) => data[at]);
      t.true(new Set(values).size <= 1, `query ${i + 2} paints ${values} in channel ${c}`);
    }
  }
});

test('squares are as large as the schedule says, and lie anywhere inside the image', async (t) => {
  const [height, width, count] = [20, 30, 60];
  const size = 3 * height * width;
  const clean = { data: new Float32Array(count * size).fill(100), shape: [count, 3, height, width] };
  const keys = Array.from({ length: count }, (_, n) => `example ${n}`);
  const { source, asked } = counted(() => 0);
  await finish(square.run(attackInput({ source, clean, keys, layout: 'NCHW', parameters: { steps: 3, epsilon: 4 } })));
  // With three queries in all, the third comes after six of the nine halvings.
  const sides = [Math.round(Math.sqrt(0.05 * height * width)), 1];
  for (const [i, side] of sides.entries()) {
    const [first, data] = [asked[0] as Tensor, asked[i + 1] as Tensor].map((tensor) => tensor.data) as [
      Float32Array,
      Float32Array,
    ];
    const boxes = keys.map((_, n) => {
      const places = [...data.subarray(n * size, (n + 1) * size).keys()];
      const changed = places.filter((at) => data[n * size + at] !== first[n * size + at]);
      const [ys, xs] = [changed.map((at) => Math.floor(at / width) % height), changed.map((at) => at % width)];
      return { top: Math.min(...ys), bottom: Math.max(...ys), left: Math.min(...xs), right: Math.max(...xs) };
    });
    t.is(Math.max(...boxes.map(({ top, bottom }) => bottom - top + 1)), side);
    t.is(Math.max(...boxes.map(({ left, right }) => right - left + 1)), side);
    t.true(
      Math.min(...boxes.map(({ top }) => top)) <= 1 && Math.max(...boxes.map(({ bottom }) => bottom)) >= height - 2,
    );
  }
});

test('squares begin at 5 % of the pixels and are halved on the schedule of the paper, scaled to the budget', (t) => {
  const halvings = (queries: number): number[] =>
    Array.from({ length: queries }, (_, i) => i).filter((i) => i > 0 && shareAt(i, queries) < shareAt(i - 1, queries));
  t.is(shareAt(0, 10_000), 0.05);
  t.deepEqual(halvings(10_000), [11, 51, 201, 501, 1001, 2001, 4001, 6001, 8001]);
  t.deepEqual(halvings(1000), [2, 6, 21, 51, 101, 201, 401, 601, 801]);
  t.is(shareAt(9999, 10_000), 0.05 / 2 ** 9);
});

test('draws depend on the seed and on the restart, and on nothing else', async (t) => {
  const end = async (change: { seed?: number; restart?: number; parameters?: Partial<AttackParameters> }) => {
    const { parameters, ...input } = change;
    const clean = batch(Array.from({ length: 40 }, (_, i) => 100 + i));
    const run = square.run(attackInput({ source: wavy, clean, ...input, parameters: { steps: 20, ...parameters } }));
    return (await finish(run)).at(-1)?.pixels;
  };
  const reference = await end({});
  t.deepEqual(await end({}), reference);
  t.notDeepEqual(await end({ seed: 2 }), reference);
  t.notDeepEqual(await end({ restart: 1 }), reference);
});

test('an objective that is no number is never preferred', async (t) => {
  let calls = 0;
  const source: GradientSource = {
    evaluate: async (pixels) => evaluationOf([[NaN, 1, NaN, 0, NaN][calls++] as number], pixels),
  };
  const history = await finish(square.run(attackInput({ source, clean: batch([9, 9, 9]), parameters: { steps: 5 } })));
  t.deepEqual(history.at(-1)?.pixels, history[1]?.before);
});
