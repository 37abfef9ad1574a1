// What arrives in a host of what a request says.
import test from 'ava';
import type { Label } from '../../../src/contract/robustgate/v1/example.js';
import { encodePng, type JobInput } from '../../../src/engine/index.js';
import { floatTensor } from '../../support/feature-models.js';
import { pngBytes } from '../../support/png-bytes.js';
import { sharedToyGateway, toyExample } from '../../support/toy-gateway.js';

const sixteenBits = (...samples: number[]): Uint8Array =>
  pngBytes({ width: 2, height: 2, bitDepth: 16, colorType: 0, channels: 1, samples });

type Given = Partial<ReturnType<typeof toyExample>>;
type Check = readonly [what: string, given: Given, of: (input: JobInput) => unknown, expected: unknown];

const label = (task: string) => (input: JobInput) => {
  const { data = [], valid = [], shape = [] } = input.labels.get(task) ?? {};
  return [[...data], [...valid], [...shape]];
};
const mask = (shape: readonly bigint[], ...data: number[]): Pick<Label, 'valid'> => ({
  valid: { datatype: 'UINT8', shape: [...shape], data: Uint8Array.from(data) },
});
const given = (task: string, value: Label['value'], change: Omit<Label, 'value'> = {}): Given => ({
  labels: { [task]: { value, ...change } },
});
const pixels = ({ pixels: all, shape }: JobInput) => [[...all], [...shape]];
const png = (data: Uint8Array, change: object = {}): Label['value'] => ({ $case: 'png', value: { data, ...change } });

/** What arrived, by key. */
const seen = new Map<string, JobInput>();
const shared = sharedToyGateway(
  { before: test.before, after: test.after.always },
  {
    predict: async ({ job }) => {
      for (const input of job.inputs) seen.set(input.key, input);
      return [];
    },
  },
  { models: ['toy', 'extra'] },
);

const rows: readonly Check[] = [
  ['bytes as levels', {}, pixels, [new Array(12).fill(3), [3, 2, 2]]],
  [
    'floats as levels',
    {
      input: {
        $case: 'tensor',
        value: floatTensor(
          Array.from({ length: 12 }, (_, i) => i + 0.5),
          [3, 2, 2],
        ),
      },
    },
    pixels,
    [Array.from({ length: 12 }, (_, i) => i + 0.5), [3, 2, 2]],
  ],
  [
    'an image in the layout of the model',
    {
      input: {
        $case: 'encodedImage',
        value: encodePng({ width: 2, height: 2, channels: 3, data: Uint8Array.from({ length: 12 }, (_, i) => i) }),
      },
    },
    pixels,
    [
      [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11],
      [3, 2, 2],
    ],
  ],
  ['a class', given('scene', { $case: 'classId', value: 4n }), label('scene'), [[4], [1], []]],
  [
    'a map of classes, with the ignored one of model.yaml',
    given('segmentation', {
      $case: 'tensor',
      value: { datatype: 'UINT8', shape: [2n, 2n], data: Uint8Array.of(0, 2, 255, 1) },
    }),
    label('segmentation'),
    [
      [0, 2, 255, 1],
      [1, 1, 0, 1],
      [2, 2],
    ],
  ],
  [
    'a map of classes, with the ignored one of the request',
    given('segmentation', png(sixteenBits(0, 2, 1000, 1)), { ignoreIndex: 1000 }),
    label('segmentation'),
    [
      [0, 2, 1000, 1],
      [1, 1, 0, 1],
      [2, 2],
    ],
  ],
  [
    'wide classes',
    given('segmentation', {
      $case: 'tensor',
      value: { datatype: 'INT64', shape: [2n, 2n], data: new Uint8Array(BigInt64Array.of(0n, 1n, 2n, 1n).buffer) },
    }),
    label('segmentation'),
    [
      [0, 1, 2, 1],
      [1, 1, 1, 1],
      [2, 2],
    ],
  ],
  [
    'numbers per class',
    given('tags', { $case: 'tensor', value: floatTensor([0, 1, 0.5, 1]) }),
    label('tags'),
    [[0, 1, 0.5, 1], [1, 1, 1, 1], [4]],
  ],
  [
    'a map of numbers without its one channel',
    given('depth', { $case: 'tensor', value: floatTensor([1, 2, 3, 4], [2, 2]) }),
    label('depth'),
    [
      [1, 2, 3, 4],
      [1, 1, 1, 1],
      [2, 2],
    ],
  ],
  [
    'a depth file of 16 bits, with scale, offset and unknown samples of model.yaml',
    given('depth', png(sixteenBits(0, 2, 513, 65_535))),
    label('depth'),
    [
      [1, 2, 257.5, 32_768.5],
      [0, 1, 1, 1],
      [2, 2],
    ],
  ],
  [
    'a depth file with scale, offset and unknown samples of the request, of which 0 is not none',
    given('depth', png(sixteenBits(0, 2, 7, 4), { scale: 2, offset: 0, invalid: 7 })),
    label('depth'),
    [
      [0, 4, 14, 8],
      [1, 1, 0, 1],
      [2, 2],
    ],
  ],
  [
    'a map of numbers with a mask, of which 255 is as good as 1',
    given(
      'depth',
      { $case: 'tensor', value: floatTensor([1, 2, Number.NaN, 4], [2, 2]) },
      mask([1n, 2n, 2n], 1, 255, 0, 1),
    ),
    label('depth'),
    [
      [1, 2, Number.NaN, 4],
      [1, 1, 0, 1],
      [2, 2],
    ],
  ],
  [
    'a map of classes, with a mask beside the ignored one',
    given(
      'segmentation',
      { $case: 'tensor', value: { datatype: 'UINT8', shape: [2n, 2n], data: Uint8Array.of(0, 9, 255, 1) } },
      mask([2n, 2n], 1, 0, 1, 1),
    ),
    label('segmentation'),
    [
      [0, 9, 255, 1],
      [1, 0, 0, 1],
      [2, 2],
    ],
  ],
  [
    'a depth file with a mask beside its unknown samples',
    given('depth', png(sixteenBits(0, 2, 513, 65_535)), mask([2n, 2n], 1, 1, 1, 0)),
    label('depth'),
    [
      [1, 2, 257.5, 32_768.5],
      [0, 1, 1, 0],
      [2, 2],
    ],
  ],
];

for (const [what, change, of, expected] of rows) {
  test(`a host gets ${what}`, async (t) => {
    const example = { ...toyExample(3, what), ...change };
    await shared().client.predict({ modelName: 'toy', examples: [example] });
    const input = seen.get(what);
    t.deepEqual(input && of(input), expected);
  });
}

test('a host gets the inputs that are not attacked, and keys that are indices where there are none', async (t) => {
  const extraInputs = { k: floatTensor([5, 6]) };
  await shared().client.predict({
    modelName: 'extra',
    examples: [toyExample(0, 'a'), toyExample(0)].map((example) => ({ ...example, extraInputs })),
  });
  for (const key of ['a', '1']) t.deepEqual([...(seen.get(key)?.extraInputs.get('k') ?? [])], [5, 6]);
});
