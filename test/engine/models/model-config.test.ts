import test from 'ava';
import type { EngineError } from '../../../src/engine/errors.js';
import { parseModelConfig } from '../../../src/engine/models/model-config.js';

const task = '{ name: a, kind: regression }';
const wrong = (text: string): string[] => {
  try {
    parseModelConfig(text);
    return [];
  } catch (error) {
    const { code, message, details } = error as EngineError;
    if (code !== 'INVALID_MODEL') throw error;
    return details.violations?.map(({ field, description }) => `${field}: ${description}`) ?? [message];
  }
};

test('what is left out has its default', (t) => {
  const config = parseModelConfig(`input: { kind: image }\ntasks: [${task}]\n`);
  t.like(config.input, { kind: 'image', layout: 'NCHW', colorOrder: 'RGB' });
  t.like(config.tasks[0], { name: 'a', kind: 'regression', weight: 1 });
  t.deepEqual(config.otherInputs, []);
  t.deepEqual(config.providers, ['cpu']);
  t.deepEqual(config.labels, {});
});

const refused: readonly (readonly [text: string, ...expected: readonly RegExp[]])[] = [
  ['input: [', /expected YAML in model.yaml/],
  ['', /model\.yaml: .*expected object/],
  [`input: { kind: image }\n`, /^tasks: /],
  [`input: { kind: image }\ntasks: []\n`, /^tasks: /],
  [`labels: { team: 3 }\ninput: { kind: image }\ntasks: [${task}]\n`, /^labels\.team: /],
  [`providers: []\ninput: { kind: image }\ntasks: [${task}]\n`, /^providers: /],
  [`providers: [gpu]\ninput: { kind: image }\ntasks: [${task}]\n`, /^providers\[0\]: /],
  [
    `engine: tfjs\nproviders: [cpu]\ninput: { kind: image }\ntasks: [${task}]\n`,
    /^providers: expected backends with engine: tfjs, got providers/,
  ],
  [
    `backends: [cpu]\ninput: { kind: image }\ntasks: [${task}]\n`,
    /^backends: expected providers with engine: onnx, got backends/,
  ],
  [`engine: tfjs\nbackends: [webgl]\ninput: { kind: image }\ntasks: [${task}]\n`, /^backends\[0\]: /],
  [`engine: tensorflow\ninput: { kind: image }\ntasks: [${task}]\n`, /^engine: /],
  [`input: { kind: picture }\ntasks: [${task}]\n`, /^input\.kind: /],
  [
    `input: { kind: image, layuot: NCHW }\ntasks: [${task}]\n`,
    /^input\.layuot: expected a known key, got layuot; did you mean layout\?/,
  ],
  [`input: { kind: image, layout: CHW }\ntasks: [${task}]\n`, /^input\.layout: /],
  [`input: { kind: image }\ntasks: [{ name: a, kind: segmentation }]\n`, /^tasks\[0\]\.kind: /],
  [`input: { kind: image }\ntasks: [{ name: a, kind: regression, weight: 0 }]\n`, /^tasks\[0\]\.weight: /],
  [`input: { kind: image }\ntasks: [${task}, ${task}]\n`, /^tasks\[1\]\.name: expected a name of its own, got a again/],
  [
    `input: { kind: image, mean: 0, scale: 1 }\ntasks: [${task}]\n`,
    /^input: expected mean and std, or scale and offset, got both/,
  ],
  [`input: { kind: image }\ntask: []\ntasks: [${task}]\n`, /^task: .*did you mean tasks\?/],
  [
    `input: { kind: image, layout: CHW }\ntasks: [{ name: a, kind: regression, wieght: 2 }]\n`,
    /^input\.layout: /,
    /^tasks\[0\]\.wieght: .*did you mean weight\?/,
  ],
];
for (const [text, ...expected] of refused) {
  test(`refused, with every place that is wrong: ${JSON.stringify(text)}`, (t) => {
    const violations = wrong(text);
    t.is(violations.length, expected.length, violations.join('\n'));
    for (const [i, pattern] of expected.entries()) t.regex(violations[i] ?? '', pattern);
  });
}
