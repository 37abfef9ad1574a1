import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { decodeModel } from '../../../../src/engine/onnx/decode-model.js';
import { runCli } from '../../../support/run-cli.js';
import { root } from '../../../support/street.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const CONFIG = `
model: { architecture: street, tasks: [segmentation, depth], seed: 1 }
dataset: { kind: cityscapes, root: ${join(root, 'demo/scenes')} }
validation: { dataset: { kind: cityscapes, root: ${join(root, 'demo/scenes')} }, limit: 2 }
tasks: { main: [segmentation], auxiliary: [depth], lambda: 0.1 }
batchSize: 2
steps: 4
augment: { crop: [32, 48], flip: true }
schedule: { kind: one-cycle, maxLearningRate: 0.02 }
adversarial: { attack: 'pgd(steps=1)', cleanShare: 0.5 }
`;

async function setUp(t: ExecutionContext) {
  const folder = await temporaryFolder(t);
  const config = join(folder, 'training.yaml');
  await writeFile(config, CONFIG);
  const lab = (command: string, args: readonly string[], signal?: AbortSignal, onStderr?: (text: string) => void) =>
    runCli(['lab', command, ...args], { ...(signal && { signal }), ...(onStderr && { onStderr }) });
  return { folder, config, lab };
}

test('a training that is interrupted goes on to the same model, which can be exported', async (t) => {
  const { folder, config, lab } = await setUp(t);
  const [whole, parts] = [join(folder, 'whole'), join(folder, 'parts')];
  const straight = await lab('train', ['--config', config, '--out', whole, '--json']);
  t.is(straight.code, 0, straight.stderr);
  t.like(JSON.parse(straight.stdout), { steps: 4, version: '1', dataset: { kind: 'cityscapes', size: 16 } });

  const controller = new AbortController();
  const stopped = await lab('train', ['--config', config, '--out', parts], controller.signal, (text) => {
    if (text.includes('"step":1,')) controller.abort();
  });
  t.is(stopped.code, 3);
  t.regex(stopped.stderr, /the same command goes on from the checkpoint/);
  const half = await lab('export', ['--from', parts, '--config', config, '--out', join(folder, 'half')]);
  t.is(half.code, 0, half.stderr);
  t.regex(half.stdout, /the training in .*parts after 1 steps/);

  const resumed = await lab('train', ['--config', config, '--out', parts]);
  t.is(resumed.code, 0, resumed.stderr);
  t.regex(resumed.stderr, /going on behind step 1/);
  t.regex(resumed.stdout, /parts\/1\/model\.onnx after 4 steps in .*: losses segmentation \d/);
  const model = await readFile(join(whole, '1/model.onnx'));
  t.true(model.equals(await readFile(join(parts, '1/model.onnx'))));
  t.false(model.equals(await readFile(join(folder, 'half/1/model.onnx'))));
  t.is(await readFile(join(whole, 'model.yaml'), 'utf8'), await readFile(join(parts, 'model.yaml'), 'utf8'));
  t.regex(await readFile(join(whole, 'curves.svg'), 'utf8'), /^<svg/);

  const tfjs = await lab('export', [
    '--from',
    whole,
    '--format',
    'tfjs',
    '--size',
    '64x128',
    '--out',
    join(folder, 'tfjs'),
  ]);
  t.is(tfjs.code, 0, tfjs.stderr);
  t.regex(await readFile(join(folder, 'tfjs/model.yaml'), 'utf8'), /^engine: tfjs/);
  const { modelTopology } = JSON.parse(await readFile(join(folder, 'tfjs/1/model.json'), 'utf8'));
  const { outputs } = decodeModel(model, () => Buffer.of()).graph;
  t.deepEqual(
    modelTopology.config.output_layers.map(([name]: [string]) => name),
    outputs.map(({ name }) => name),
  );
});

test('what is wrong with a configuration is told before anything is trained', async (t) => {
  const { folder, config, lab } = await setUp(t);
  const fine = await lab('train', ['--config', config, '--out', join(folder, 'out'), '--check']);
  t.is(fine.code, 0);
  await writeFile(config, CONFIG.replace('batchSize', 'batchsize'));
  const { code, stderr } = await lab('train', ['--config', config, '--out', join(folder, 'out')]);
  t.is(code, 2);
  t.regex(stderr, /batchsize: expected a known key, got batchsize; did you mean batchSize\?/);
});

test('a model of a repository is trained on, into a folder of its own', async (t) => {
  const { folder, config, lab } = await setUp(t);
  const model = join(root, 'demo/models/street');
  const text = CONFIG.replace(/^model: .*$/m, `model: { folder: ${model}, frozen: ['*bias*'] }`).replace(
    'steps: 4',
    'steps: 1',
  );
  await writeFile(config, text);
  const out = join(folder, 'street');
  const { code, stderr } = await lab('train', ['--config', config, '--out', out]);
  t.is(code, 0, stderr);
  t.is(await readFile(join(out, 'model.yaml'), 'utf8'), await readFile(join(model, 'model.yaml'), 'utf8'));
  const [before, after] = [await readFile(join(model, '1/model.onnx')), await readFile(join(out, '1/model.onnx'))];
  t.is(after.length, before.length);
  t.false(after.equals(before));
  const into = await lab('train', ['--config', config, '--out', model]);
  t.is(into.code, 2);
  t.regex(into.stderr, /expected a folder of its own for the trained model/);
});
