// `npm run bench:cifar10`: how many of 48 CIFAR-10 images a strong attack breaks, of a network whose strength is published.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { attackDefaults } from '../../src/engine/attacks/defaults.js';
import { decodeNpy, type JobInput, loadServedModel, type ServedModel } from '../../src/engine/index.js';
import { usableCores } from '../../src/host/index.js';

const RADII = [2, 8];
const PARAMETERS = { steps: 100, restarts: 5, iterate: 'best', earlyStop: true } as const;
const CONFIG = `
input: { kind: image, mean: [.4914, .4822, .4465], std: [.2471, .2435, .2616] }
tasks:
  - { name: class, kind: classification, output: "33" }
`;

const root = resolve(import.meta.dirname, '../../..');
const fixtures = resolve(root, process.env['ROBUSTGATE_FIXTURES'] ?? '../shared', 'models');
const file = (name: string) => readFile(resolve(fixtures, `cifar10_resnet_2b${name}`));

const model = await loadServedModel(
  {
    name: 'cifar10',
    version: '1',
    configText: CONFIG,
    file: await file('.onnx'),
    externalFiles: new Map(),
    sha256: '',
  },
  { role: 'attack', runtime: { threads: usableCores(), allowSpinning: true }, memoryBudgetBytes: 2 ** 32 },
);
try {
  const images = await readImages();
  process.stdout.write('| ε | images | broken by PGD-100 with 5 restarts, margin loss |\n|---:|---:|---:|\n');
  for (const epsilon of RADII) {
    process.stdout.write(`| ${epsilon} | ${images.length} | ${await brokenOf(model, images, epsilon)} |\n`);
  }
} finally {
  await model.dispose();
}

async function readImages(): Promise<readonly JobInput[]> {
  const { data, shape } = decodeNpy(await file('_images.npy'));
  const [count = 0, ...imageShape] = shape;
  const classes = JSON.parse((await file('_labels.json')).toString()) as number[];
  const size = data.length / count;
  return classes.map((label, n) => ({
    key: `${n}`,
    pixels: Float32Array.from(data.subarray(n * size, (n + 1) * size) as Uint8Array),
    shape: imageShape,
    extraInputs: new Map(),
    labels: new Map([['class', { data: Float32Array.of(label), valid: Uint8Array.of(1), shape: [] }]]),
  }));
}

async function brokenOf({ attack }: ServedModel, inputs: readonly JobInput[], epsilon: number): Promise<number> {
  const spec = {
    attack: 'pgd',
    parameters: { ...attackDefaults, ...PARAMETERS, epsilon, stepSize: epsilon / 8 },
    objective: { combination: 'sum', tasks: [{ task: 'class', weight: 1, loss: 'margin' }] },
    targeted: false,
    seed: 1,
    batchSize: undefined,
    fullBatches: false,
  } as const;
  const context = {
    signal: new AbortController().signal,
    drain: new AbortController().signal,
    deadlineMs: undefined,
    transitMs: 0,
    gate: { sharing: 1, run: <T>(_: unknown, __: unknown, ___: unknown, call: () => Promise<T>) => call() },
    now: () => performance.now(),
  };
  const job = { spec, inputs, labelFree: false, progressEverySteps: 100, fields: [] };
  for await (const event of attack(job, context)) {
    if (event.type === 'summary') return event.summary.examplesBroken ?? Number.NaN;
  }
  throw new Error('expected a summary, got none');
}
