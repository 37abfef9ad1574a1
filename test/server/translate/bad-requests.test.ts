// One row for each thing that can be wrong with a request: the field that is named, and what is said of it.
import test from 'ava';
import { type Client, collectAttack, type RobustgateError } from '../../../src/clients/index.js';
import type { Label } from '../../../src/contract/robustgate/v1/example.js';
import { encodePng } from '../../../src/engine/index.js';
import { floatTensor } from '../../support/feature-models.js';
import { pngBytes } from '../../support/png-bytes.js';
import { sharedToyGateway, toyExample } from '../../support/toy-gateway.js';

type AttackRequest = Parameters<Client['attack']>[0];
type Example = NonNullable<AttackRequest['examples']>[number];

/** A number that an enum does not have. */
const unheard = (number: number): never => number as never;

const image = (width: number, height: number) =>
  encodePng({ width, height, channels: 3, data: new Uint8Array(3 * width * height) });
const encoded = (value: Uint8Array): Example => ({ ...toyExample(0), input: { $case: 'encodedImage', value } });
const tensor = (datatype: string, shape: readonly number[], bytes: number | readonly number[]): Example => ({
  ...toyExample(0),
  input: {
    $case: 'tensor',
    value: {
      datatype,
      shape: shape.map(BigInt),
      data: typeof bytes === 'number' ? new Uint8Array(bytes) : new Uint8Array(Float32Array.from(bytes).buffer),
    },
  },
});
const levels = (first: number): number[] => [first, ...new Array<number>(11).fill(0)];
const labelled = (task: string, value: Label['value'], change: Omit<Label, 'value'> = {}): Example => ({
  ...toyExample(0),
  labels: { [task]: { value, ...change } },
});
const classMap = (...classes: number[]): Label['value'] => ({
  $case: 'tensor',
  value: { datatype: 'UINT8', shape: [2n, 2n], data: Uint8Array.from(classes) },
});
const numbers = (shape: readonly number[], ...values: number[]): Label['value'] => ({
  $case: 'tensor',
  value: floatTensor(values, shape),
});
const png = (data: Uint8Array, change: object = {}): Label['value'] => ({ $case: 'png', value: { data, ...change } });
const greyPng = (...samples: number[]): Uint8Array =>
  pngBytes({ width: 2, height: 2, bitDepth: 8, colorType: 0, channels: 1, samples });

type Row = readonly [what: string, change: Partial<AttackRequest>, field: string, text: RegExp];

const exampleRows: readonly Row[] = [
  ['no examples', { examples: [] }, 'examples', /at least 1/],
  ['too many examples', { examples: Array.from({ length: 5 }, (_, i) => toyExample(i)) }, 'examples', /at most 4/],
  ['no input', { examples: [{}] }, 'examples[0]', /encoded_image or tensor/],
  ['a key twice', { examples: [toyExample(0, 'a'), toyExample(1, 'a')] }, 'examples[1].key', /got a again/],
  ['a key that is an index', { examples: [toyExample(0, '1'), toyExample(1)] }, 'examples[1].key', /got 1 again/],
  ['a key that is too long', { examples: [toyExample(0, 'é'.repeat(129))] }, 'examples[0].key', /256 bytes, got 258/],
  ['no datatype', { examples: [tensor('', [3, 2, 2], 12)] }, 'examples[0].tensor.datatype', /UINT8, FP32, got none/],
  ['a wrong datatype', { examples: [tensor('FP64', [3, 2, 2], 96)] }, 'examples[0].tensor.datatype', /got FP64/],
  ['too few bytes', { examples: [tensor('UINT8', [3, 2, 2], 11)] }, 'examples[0].tensor.data', /12 bytes .* got 11/],
  [
    'a wrong shape',
    { examples: [tensor('UINT8', [2, 2, 3], 12)] },
    'examples[0].tensor.shape',
    /\[3, 2, 2\], got \[2, 2, 3\]/,
  ],
  ['a batch axis', { examples: [tensor('UINT8', [1, 3, 2, 2], 12)] }, 'examples[0].tensor.shape', /\[3, 2, 2\]/],
  ['a length of 0', { examples: [tensor('UINT8', [3, 0, 2], 0)] }, 'examples[0].tensor.shape', /length 1/],
  ['a length below 0', { examples: [tensor('UINT8', [3, -2, -2], 12)] }, 'examples[0].tensor.shape', /length 1/],
  [
    'a huge shape',
    { examples: [tensor('UINT8', new Array(8).fill(2 ** 31 - 1), 12)] },
    'examples[0].tensor.data',
    /got 12/,
  ],
  ['NaN', { examples: [tensor('FP32', [3, 2, 2], levels(NaN))] }, 'examples[0].tensor.data', /\[0, 255\], got NaN/],
  [
    'a level above 255',
    { examples: [tensor('FP32', [3, 2, 2], levels(255.5))] },
    'examples[0].tensor.data',
    /got 255.5/,
  ],
  ['a level below 0', { examples: [tensor('FP32', [3, 2, 2], levels(-0.5))] }, 'examples[0].tensor.data', /got -0.5/],
  ['bytes that are no image', { examples: [encoded(Buffer.from('hello'))] }, 'examples[0].encoded_image', /expected/],
  ['half an image', { examples: [encoded(image(2, 2).subarray(0, 50))] }, 'examples[0].encoded_image', /expected/],
  ['an image of another size', { examples: [encoded(image(3, 2))] }, 'examples[0].encoded_image', /got \[3, 2, 3\]/],
  [
    'an image with too many pixels',
    { examples: [encoded(image(300, 40))] },
    'examples[0].encoded_image',
    /10000 pixels/,
  ],
  [
    'an image with too many bytes',
    { examples: [encoded(new Uint8Array(20_001))] },
    'examples[0].encoded_image',
    /20000/,
  ],
  [
    'an input that nobody knows',
    { examples: [{ ...toyExample(0), extraInputs: { k: floatTensor([1]) } }] },
    'examples[0].extra_inputs[k]',
    /\(none\), got k/,
  ],
];

const labelRows: readonly Row[] = [
  [
    'a label of no task',
    { examples: [labelled('other', classMap(0, 0, 0, 0))] },
    'examples[0].labels[other]',
    /a task of the model/,
  ],
  [
    'a label of a reconstruction',
    { examples: [labelled('reconstruction', numbers([3, 2, 2], ...levels(0)))] },
    'examples[0].labels[reconstruction]',
    /always the clean input/,
  ],
  [
    'an empty label',
    { examples: [labelled('scene', undefined)] },
    'examples[0].labels[scene]',
    /a class_id for scene, got nothing/,
  ],
  [
    'a class that there is not',
    { examples: [labelled('scene', { $case: 'classId', value: 5n })] },
    'examples[0].labels[scene]',
    /0 … 4, got 5/,
  ],
  [
    'a class below 0',
    { examples: [labelled('scene', { $case: 'classId', value: -1n })] },
    'examples[0].labels[scene]',
    /got -1/,
  ],
  [
    'a class for a map',
    { examples: [labelled('segmentation', { $case: 'classId', value: 1n })] },
    'examples[0].labels[segmentation].class_id',
    /tensor or PNG of classes/,
  ],
  [
    'a PNG for a class',
    { examples: [labelled('scene', png(greyPng(0, 0, 0, 0)))] },
    'examples[0].labels[scene].png',
    /a class_id/,
  ],
  [
    'a class in a map that there is not',
    { examples: [labelled('segmentation', classMap(0, 1, 2, 3))] },
    'examples[0].labels[segmentation]',
    /0 … 2, got 3/,
  ],
  [
    'a map of numbers for classes',
    { examples: [labelled('segmentation', numbers([2, 2], 0, 1, 2, 0))] },
    'examples[0].labels[segmentation].tensor.datatype',
    /UINT8, UINT16, INT32, INT64, got FP32/,
  ],
  [
    'a map of another size',
    {
      examples: [
        labelled('segmentation', {
          $case: 'tensor',
          value: { datatype: 'UINT8', shape: [1n, 4n], data: new Uint8Array(4) },
        }),
      ],
    },
    'examples[0].labels[segmentation]',
    /shape \[2,2\] .* got \[1,4\]/,
  ],
  [
    'a class in a PNG that there is not',
    { examples: [labelled('segmentation', png(greyPng(0, 1, 2, 9)))] },
    'examples[0].labels[segmentation]',
    /got 9/,
  ],
  [
    'an ignore index that is not in the map',
    { examples: [labelled('segmentation', classMap(0, 1, 2, 255), { ignoreIndex: 7 })] },
    'examples[0].labels[segmentation]',
    /got 255/,
  ],
  [
    'an ignore index without classes',
    { examples: [labelled('depth', numbers([2, 2], 1, 1, 1, 1), { ignoreIndex: 0 })] },
    'examples[0].labels[depth].ignore_index',
    /has no classes, got 0/,
  ],
  [
    'a mask of another shape',
    {
      examples: [
        labelled('depth', numbers([2, 2], 1, 1, 1, 1), {
          valid: { datatype: 'UINT8', shape: [4n], data: new Uint8Array(4) },
        }),
      ],
    },
    'examples[0].labels[depth].valid.shape',
    /shape of the label \[2,2\], got \[4\]/,
  ],
  [
    'a mask of floats',
    { examples: [labelled('depth', numbers([2, 2], 1, 1, 1, 1), { valid: floatTensor([1, 1, 1, 1], [2, 2]) })] },
    'examples[0].labels[depth].valid.datatype',
    /UINT8, got FP32/,
  ],
  [
    'a mask with too few bytes',
    {
      examples: [
        labelled('depth', numbers([2, 2], 1, 1, 1, 1), {
          valid: { datatype: 'UINT8', shape: [2n, 2n], data: new Uint8Array(3) },
        }),
      ],
    },
    'examples[0].labels[depth].valid.data',
    /expected 4 bytes/,
  ],
  [
    'a bad PNG',
    { examples: [labelled('depth', png(Buffer.from('hello')))] },
    'examples[0].labels[depth].png.data',
    /expected/,
  ],
  [
    'a scale that is none',
    { examples: [labelled('depth', png(greyPng(1, 1, 1, 1), { scale: NaN }))] },
    'examples[0].labels[depth].png',
    /finite scale/,
  ],
  [
    'numbers that are none',
    { examples: [labelled('depth', numbers([2, 2], 1, Infinity, 1, 1))] },
    'examples[0].labels[depth]',
    /got Infinity/,
  ],
  [
    'too many numbers',
    { examples: [labelled('depth', numbers([3, 2], 1, 1, 1, 1, 1, 1))] },
    'examples[0].labels[depth]',
    /shape \[1,2,2\] .* got \[3,2\]/,
  ],
  [
    'more than 1 for a class',
    { examples: [labelled('tags', numbers([4], 0, 1, 2, 0))] },
    'examples[0].labels[tags]',
    /0 … 1 for each class, got 2/,
  ],
  [
    'too few classes',
    { examples: [labelled('tags', numbers([3], 0, 1, 0))] },
    'examples[0].labels[tags]',
    /shape \[4\]/,
  ],
];

const attackRows: readonly Row[] = [
  ['no attack', { attack: {} }, 'attack.name', /fgsm, houdini, mim, pgd, square, got none/],
  ['an unknown attack', { attack: { name: 'pgdd' } }, 'attack.name', /did you mean pgd\?/],
  ['ε below 0', { attack: { name: 'pgd', epsilon: -1 } }, 'attack.epsilon', /ε ≥ 0, got -1/],
  ['ε without an end', { attack: { name: 'pgd', epsilon: Infinity } }, 'attack.epsilon', /got Infinity/],
  ['no step size', { attack: { name: 'pgd', stepSize: 0 } }, 'attack.step_size', /> 0, got 0/],
  ['NaN for a step size', { attack: { name: 'pgd', stepSize: NaN } }, 'attack.step_size', /got NaN/],
  ['0 steps', { attack: { name: 'pgd', steps: 0 } }, 'attack.steps', /1 … 10000 steps, got 0/],
  ['steps beyond any', { attack: { name: 'pgd', steps: 10_001 } }, 'attack.steps', /got 10001/],
  [
    'steps beyond this gateway’s',
    { attack: { name: 'pgd', steps: 60, restarts: 2 } },
    'attack.steps',
    /at most 100 steps .* got 120/,
  ],
  ['0 restarts', { attack: { name: 'pgd', restarts: 0 } }, 'attack.restarts', /got 0/],
  ['a decay below 0', { attack: { name: 'mim', decay: -0.5 } }, 'attack.decay', /got -0.5/],
  [
    'a parameter that the attack has not',
    { attack: { name: 'fgsm', steps: 3 } },
    'attack.steps',
    /has no such parameter, got 3/,
  ],
  [
    'a random start that nobody knows',
    { attack: { name: 'pgd', randomStart: unheard(9) } },
    'attack.random_start',
    /1, 2, 3, got 9/,
  ],
  ['a norm that nobody knows', { attack: { name: 'pgd', norm: unheard(-2) } }, 'attack.norm', /got -2/],
  [
    'a push that nobody knows',
    { attack: { name: 'houdini', houdiniPush: unheard(4) } },
    'attack.houdini_push',
    /got 4/,
  ],
  ['an iterate that nobody knows', { attack: { name: 'pgd', iterate: unheard(4) } }, 'attack.iterate', /got 4/],
  ['a combination that nobody knows', { objective: { combination: unheard(4) } }, 'objective.combination', /got 4/],
  ['an unknown task', { objective: { tasks: [{ task: 'other' }] } }, 'objective.tasks[0].task', /got other/],
  [
    'a task twice',
    { objective: { tasks: [{ task: 'scene' }, { task: 'scene' }] } },
    'objective.tasks[1].task',
    /got scene again/,
  ],
  [
    'a task without a label',
    { objective: { tasks: [{ task: 'depth' }] } },
    'objective.tasks[0].task',
    /a label for depth/,
  ],
  [
    'a weight of 0',
    { objective: { tasks: [{ task: 'scene', weight: 0 }] } },
    'objective.tasks[0].weight',
    /> 0, got 0/,
  ],
  [
    'a loss that the task has not',
    { objective: { tasks: [{ task: 'scene', loss: 'l1' }] } },
    'objective.tasks[0].loss',
    /cross-entropy, margin, houdini for scene, got l1/,
  ],
  [
    'a signed loss to divide by',
    { objective: { combination: 2, tasks: [{ task: 'scene', loss: 'margin' }] } },
    'objective.tasks[0].loss',
    /never negative/,
  ],
  [
    'a target without a label',
    { targeted: true, labelFree: true, objective: { tasks: [{ task: 'depth' }] } },
    'objective.tasks[0].task',
    /label to approach/,
  ],
  ['a seed below 0', { seed: -1n }, 'seed', /4294967295, got -1/],
  ['a seed of 2³²', { seed: 2n ** 32n }, 'seed', /got 4294967296/],
  ['progress every 0 steps', { progressEverySteps: 0 }, 'progress_every_steps', /at least 1, got 0/],
  ['a batch size between', { batchSize: 3 }, 'batch_size', /1, 2, 4, 8, 16, got 3/],
  ['a field that nobody knows', { fields: [1, unheard(17)] }, 'fields[1]', /got 17/],
];

const limits = { examples: 4, steps: 100, imagePixels: 10_000, imageBytes: 20_000 };
let hasRun = false;
const shared = sharedToyGateway(
  { before: test.before, after: test.after.always },
  {
    // biome-ignore lint/correctness/useYield: it is never asked
    async *attack() {
      hasRun = true;
    },
  },
  { models: ['toy', 'features', 'extra'], config: { limits } },
);

const base: AttackRequest = { modelName: 'toy', examples: [toyExample(0)], attack: { name: 'pgd', steps: 2 } };

for (const [what, change, field, text] of [...exampleRows, ...labelRows, ...attackRows]) {
  test(`${what} is named: ${field}`, async (t) => {
    const { client } = shared();
    const error = await t.throwsAsync<RobustgateError>(collectAttack(client.attack({ ...base, ...change })));
    t.like(error, { code: 'INVALID_REQUEST', statusName: 'INVALID_ARGUMENT' });
    const named = error?.violations.find((violation) => violation.field === field);
    t.regex(named?.description ?? `only ${JSON.stringify(error?.violations)}`, text);
    t.false(hasRun);
  });
}

test('all that is wrong is told at once', async (t) => {
  const { client } = shared();
  const request: AttackRequest = {
    modelName: 'toy',
    examples: [tensor('UINT8', [3, 2, 2], 11), labelled('scene', { $case: 'classId', value: 9n })],
    attack: { name: 'pgd', steps: 0, epsilon: -1, norm: unheard(9) },
    seed: -1n,
    fields: [unheard(17)],
  };
  const error = await t.throwsAsync<RobustgateError>(collectAttack(client.attack(request)));
  t.deepEqual(error?.violations.map(({ field }) => field).toSorted(), [
    'attack.epsilon',
    'attack.norm',
    'attack.steps',
    'examples[0].tensor.data',
    'examples[1].labels[scene]',
    'fields[0]',
    'seed',
  ]);
});

const predictRows: readonly (readonly [string, Parameters<Client['predict']>[0], string])[] = [
  ['an unknown task', { tasks: ['scene', 'other'] }, 'tasks[1]'],
  ['a field that nobody knows', { fields: [unheard(9)] }, 'fields[0]'],
  ['a reply of 0 bytes', { maxReplyBytes: 0n }, 'max_reply_bytes'],
  ['a reply of 2 GiB', { maxReplyBytes: 2n ** 31n }, 'max_reply_bytes'],
];
for (const [what, change, field] of predictRows) {
  test(`in Predict ${what} is named: ${field}`, async (t) => {
    const { client } = shared();
    const error = await t.throwsAsync<RobustgateError>(
      client.predict({ modelName: 'toy', examples: [toyExample(0)], ...change }),
    );
    t.like(error, { code: 'INVALID_REQUEST', violations: [{ field }] });
  });
}

const gradientRows: readonly (readonly [string, Parameters<Client['gradientNorm']>[0], string])[] = [
  ['an unknown task', { tasks: [{ task: 'other' }] }, 'tasks[0].task'],
  ['a regression without a label', { tasks: [{ task: 'depth' }], labelFree: true }, 'tasks[0].task'],
  ['an empty sweep', { sweep: { task: 'scene' } }, 'sweep.output_counts'],
  ['a sweep of 0 positions', { sweep: { task: 'scene', outputCounts: [0] } }, 'sweep.output_counts[0]'],
  ['0 draws', { sweep: { task: 'scene', outputCounts: [1], draws: 0 } }, 'sweep.draws'],
  ['a sweep of a task that is not measured', { sweep: { task: 'depth', outputCounts: [1] } }, 'sweep.task'],
  ['a seed below 0', { seed: -1n }, 'seed'],
];
for (const [what, change, field] of gradientRows) {
  test(`in GradientNorm ${what} is named: ${field}`, async (t) => {
    const { client } = shared();
    const error = await t.throwsAsync<RobustgateError>(async () => {
      for await (const _ of client.gradientNorm({ modelName: 'toy', examples: [toyExample(0)], ...change }));
    });
    t.like(error, { code: 'INVALID_REQUEST', violations: [{ field }] });
  });
}

for (const [what, input, field] of [
  ['an image', { $case: 'encodedImage', value: image(2, 2) }, 'examples[0].encoded_image'],
  [
    'levels',
    { $case: 'tensor', value: { datatype: 'UINT8', shape: [3n], data: new Uint8Array(3) } },
    'examples[0].tensor.datatype',
  ],
  ['values beyond the range', { $case: 'tensor', value: floatTensor([0, 0, 1.5]) }, 'examples[0].tensor.data'],
] as const) {
  test(`a model of features does not take ${what}`, async (t) => {
    const { client } = shared();
    const example = { ...toyExample(0), labels: {}, input: input as NonNullable<Example['input']> };
    const error = await t.throwsAsync<RobustgateError>(client.predict({ modelName: 'features', examples: [example] }));
    t.like(error, { code: 'INVALID_REQUEST', violations: [{ field }] });
  });
}

for (const [what, extraInputs, field] of [
  ['is missing', {}, 'examples[0].extra_inputs[k]'],
  ['has another shape', { k: floatTensor([1]) }, 'examples[0].extra_inputs[k].shape'],
  ['is NaN', { k: floatTensor([1, NaN]) }, 'examples[0].extra_inputs[k].data'],
] as const) {
  test(`an input that every example must bring and that ${what} is named`, async (t) => {
    const { client } = shared();
    const error = await t.throwsAsync<RobustgateError>(
      client.predict({ modelName: 'extra', examples: [{ ...toyExample(0), extraInputs }] }),
    );
    t.like(error, { code: 'INVALID_REQUEST', violations: [{ field }] });
  });
}
