import { join } from 'node:path';
import test from 'ava';
import { runCli } from '../../support/run-cli.js';
import { root } from '../../support/street.js';

const file = join(root, 'demo/models/street/1/model.onnx');

test('inspect tells inputs, outputs, operators, what a step costs, and a model.yaml', async (t) => {
  const { code, stdout } = await runCli(['inspect', file, '--threads', '1']);
  t.is(code, 0);
  t.regex(stdout, /^image +float32 +batch×3×64×128 +attacked$/m);
  t.regex(stdout, /^segmentation +float32 +1×19×64×128 +yes$/m);
  t.regex(stdout, /^Conv +16 +rule$/m);
  t.regex(stdout, /forward [\d.]+ ms, forward and backward [\d.]+ ms/);
  t.regex(stdout, /Suggested model.yaml:\n.*kind: semantic-segmentation/s);
});

test('with --json it is one document', async (t) => {
  const { stdout } = await runCli(['inspect', file, '--threads', '1', '--json']);
  const document = JSON.parse(stdout);
  t.is(document.opset, 16);
  t.is(document.step.tasks.length, 3);
});

test('a size that is none, and a file that is not there, are wrong usage', async (t) => {
  t.is((await runCli(['inspect', file, '--size', '10by20'])).code, 2);
  t.is((await runCli(['inspect', `${file}.none`])).code, 2);
});
