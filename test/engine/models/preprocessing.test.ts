import test from 'ava';
import { parseModelConfig } from '../../../src/engine/models/model-config.js';
import { channelShape, isIdentity, normalise, preprocessingOf } from '../../../src/engine/models/preprocessing.js';

const inputOf = (input: string) => parseModelConfig(`input: ${input}\ntasks: [{ name: a, kind: regression }]\n`).input;
const near = (got: Float32Array, expected: readonly number[]): boolean =>
  got.length === expected.length && expected.every((value, i) => Math.abs(value - (got[i] as number)) < 1e-6);

const expected: readonly (readonly [input: string, scale: readonly number[], offset: readonly number[]])[] = [
  ['{ kind: image }', [1 / 255], [0]],
  ['{ kind: image, mean: 0.5, std: 0.25 }', [4 / 255], [-2]],
  ['{ kind: image, mean: [0.5, 0, 1], std: 0.5 }', [2 / 255, 2 / 255, 2 / 255], [-1, 0, -2]],
  ['{ kind: image, std: [1, 2, 4] }', [1 / 255, 1 / 510, 1 / 1020], [0, 0, 0]],
  ['{ kind: image, scale: 1 }', [1], [0]],
  ['{ kind: image, offset: [1, 2, 3] }', [1, 1, 1], [1, 2, 3]],
  ['{ kind: image, scale: 0.0078125, offset: -1 }', [0.0078125], [-1]],
  ['{ kind: features, range: [-2, 3] }', [5 / 255], [-2]],
];
for (const [input, scale, offset] of expected) {
  test(`${input} is a scale and an offset`, (t) => {
    const preprocessing = preprocessingOf(inputOf(input), 3);
    t.true(near(preprocessing.scale, scale), `${preprocessing.scale}`);
    t.true(near(preprocessing.offset, offset), `${preprocessing.offset}`);
  });
}

test('each channel has its own, on whichever axis channels are', (t) => {
  const levels = Float32Array.of(1, 2, 3, 4, 5, 6);
  const first = preprocessingOf(inputOf('{ kind: image, scale: [1, 10], offset: [0, 100] }'), 2);
  const last = preprocessingOf(inputOf('{ kind: image, layout: NHWC, scale: [1, 10], offset: [0, 100] }'), 2);
  t.deepEqual([...normalise({ data: levels, shape: [1, 2, 1, 3] }, first).data], [1, 2, 3, 140, 150, 160]);
  t.deepEqual([...normalise({ data: levels, shape: [1, 1, 3, 2] }, last).data], [1, 120, 3, 140, 5, 160]);
  t.deepEqual(channelShape(first, [1, 2, 1, 3]), [1, 2, 1, 1]);
  t.deepEqual(channelShape(last, [1, 1, 3, 2]), [1, 1, 1, 2]);
});

test('a model that takes levels needs nothing', (t) => {
  t.true(isIdentity(preprocessingOf(inputOf('{ kind: image, scale: 1 }'), 3)));
  t.false(isIdentity(preprocessingOf(inputOf('{ kind: image }'), 3)));
  t.false(isIdentity(preprocessingOf(inputOf('{ kind: image, offset: 1 }'), 3)));
});

for (const [input, message] of [
  ['{ kind: image, mean: [0, 0] }', /expected 3 numbers for the channels of the input, got 2/],
  ['{ kind: image, mean: [0, 0, 0], std: [1, 1] }', /expected as many numbers for each channel, got 3 and 2/],
  ['{ kind: image, scale: [1, 0, 1] }', /not 0, got 1,0,1/],
] as const) {
  test(`${input} is refused`, (t) => {
    t.throws(() => preprocessingOf(inputOf(input), 3), { message });
  });
}
