import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { decodeNpy, encodeNpy } from '../../../src/engine/tensor/npy.js';
import { linearModel } from '../../support/feature-models.js';
import { runCli } from '../../support/run-cli.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const identity = [
  [1, 0],
  [0, 1],
];

async function files(t: ExecutionContext, heads: readonly string[] = ['y']) {
  const folder = await temporaryFolder(t);
  const path = (name: string): string => join(folder, name);
  await writeFile(path('m.onnx'), linearModel(heads.map((name) => ({ name, weights: identity, bias: [0, 0] }))));
  await writeFile(path('x.npy'), encodeNpy({ data: Float32Array.of(3, -1, 0, 2), shape: [2, 2] }));
  await writeFile(path('t.npy'), encodeNpy({ data: Float32Array.of(0, 0, 0, 0), shape: [2, 2] }));
  const argv = ['gradient', '--model', path('m.onnx'), '--input', path('x.npy'), '--target', path('t.npy')];
  return { path, argv: [...argv, '--out', path('g.npy')] };
}

test('gradient writes the gradient, and prints loss and norms as JSON', async (t) => {
  const { path, argv } = await files(t);
  const { code, stdout, stderr } = await runCli([...argv, '--loss', 'mse']);
  t.is(code, 0, stderr);
  const { data, shape } = decodeNpy(await readFile(path('g.npy')));
  t.deepEqual(
    [[...data], shape],
    [
      [3, -1, 0, 2],
      [2, 2],
    ],
  );
  const document = JSON.parse(stdout);
  t.deepEqual([document.loss, document.losses, document.reduction], [7, [5, 2], 'sum']);
  t.deepEqual(document.gradient, { file: path('g.npy'), shape: [2, 2], l1: 6, l2: Math.sqrt(14), linf: 3 });
});

test('with --reduction mean examples count for their share', async (t) => {
  const { path, argv } = await files(t);
  const { stdout } = await runCli([...argv, '--loss', 'mse', '--reduction', 'mean']);
  t.is(JSON.parse(stdout).loss, 3.5);
  t.deepEqual([...decodeNpy(await readFile(path('g.npy'))).data], [1.5, -0.5, 0, 1]);
});

test('a graph of several outputs wants to know which, by name', async (t) => {
  const { argv } = await files(t, ['a', 'b']);
  const wrong = await runCli([...argv, '--loss', 'l1']);
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /expected --output with one of a, b, got none/);
  t.is((await runCli([...argv, '--loss', 'l1', '--output', 'b'])).code, 0);
});

test('what computes may be chosen, and what does not work here says so and what to do', async (t) => {
  const { argv } = await files(t);
  t.is((await runCli([...argv, '--loss', 'mse', '--provider', 'cpu'])).code, 0);
  // No machine has both: CoreML is of macOS, DirectML of Windows.
  const provider = process.platform === 'darwin' ? 'dml' : 'coreml';
  const missing = await runCli([...argv, '--loss', 'mse', '--provider', provider]);
  t.is(missing.code, 3);
  t.regex(
    missing.stderr,
    new RegExp(`expected one of the providers ${provider} .*onnxruntime-node has no ${provider}`),
  );
  const wrong = await runCli([...argv, '--loss', 'mse', '--provider', 'tpu']);
  t.is(wrong.code, 2);
});

test('a gradient of 0 is a warning on stderr', async (t) => {
  const { path, argv } = await files(t);
  await writeFile(path('x.npy'), encodeNpy({ data: new Float32Array(4), shape: [2, 2] }));
  const { code, stderr, stdout } = await runCli([...argv, '--loss', 'l1']);
  t.is(code, 0);
  t.regex(stderr, /warning: the gradient is 0 everywhere/);
  t.is(JSON.parse(stdout).warnings.length, 1);
});

test('wrong usage ends with code 2', async (t) => {
  const { argv } = await files(t);
  t.is((await runCli([...argv, '--loss', 'hinge'])).code, 2);
  t.is((await runCli([...argv, '--loss', 'mse', '--output', 'z'])).code, 2);
  t.is((await runCli(argv.map((text) => text.replace('x.npy', 'none.npy')).concat('--loss', 'mse'))).code, 2);
});
