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

test('a remote says where it is, and has limits of its own', (t) => {
  const { engine, remote } = parseModelConfig(
    `engine: remote\nremote: { endpoint: 'triton:8001', model: street }\ninput: { kind: image }\ntasks: [${task}]\n`,
  );
  t.is(engine, 'remote');
  t.deepEqual(remote, { endpoint: 'triton:8001', model: 'street', timeoutSeconds: 30, maxConcurrent: 4 });
});

const inputAndTasks = `input: { kind: image }\ntasks: [${task}]\n`;
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
  [`engine: remote\n${inputAndTasks}`, /^remote: expected where the model is served, got none/],
  [
    `remote: { endpoint: 'a:1', model: m }\n${inputAndTasks}`,
    /^remote: expected none, for the engine is onnx, got one/,
  ],
  [
    `engine: remote\nremote: { endpoint: 'http://a:1', model: m }\n${inputAndTasks}`,
    /^remote\.endpoint: expected HOST:PORT/,
  ],
  [
    `engine: remote\nremote: { endpoint: 'a:1', model: m, tls: { cert: /c.pem }, tokenFile: /t }\n${inputAndTasks}`,
    /^remote\.tls: expected cert and key, got one/,
  ],
  [
    `engine: remote\nremote: { endpoint: 'a:1', model: m, tokenFile: /t }\n${inputAndTasks}`,
    /^remote\.tokenFile: expected tls, without which anybody could read the token/,
  ],
  [
    `engine: remote\nremote: { endpoint: 'a:1', model: m, tls: {}, tokenFile: t }\n${inputAndTasks}`,
    /^remote\.tokenFile: expected an absolute path/,
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
