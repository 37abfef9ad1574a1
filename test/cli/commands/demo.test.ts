import { readdir } from 'node:fs/promises';
import test from 'ava';
import { GetModelResponse } from '../../../src/contract/robustgate/v1/model.js';
import { PredictResponse } from '../../../src/contract/robustgate/v1/predict.js';
import { runCli } from '../../support/run-cli.js';
import { scriptedGateway } from '../../support/scripted-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

test('the demo serves, attacks, and draws', async (t) => {
  const folder = await temporaryFolder(t);
  const { code, stdout } = await runCli(['demo', '--examples', '1', '--steps', '2', '--out', folder]);
  t.is(code, 0);
  t.regex(stdout, /^none +0\.7802 +0\.\d{4} +0\.\d{4}$/m);
  t.is(stdout.match(/^(fgsm|pgd-2|mim-2|houdini-2, (analytic|one-sided)) .*\*/gm)?.length, 21);
  t.regex(stdout, /Gram factor +0\.\d{4}/);
  t.deepEqual(await readdir(folder), ['street_000000_000000.png']);
});

test('the demo on TF.js says that it is slower, and attacks the same model', async (t) => {
  const folder = await temporaryFolder(t);
  const argv = ['demo', '--engine', 'tfjs', '--examples', '1', '--steps', '1', '--out', folder];
  const { code, stdout, stderr } = await runCli(argv);
  t.is(code, 0);
  t.regex(stderr, /TF\.js on WebAssembly takes about eight times as long as ONNX Runtime/);
  t.regex(stdout, /^street version 1, sha256 [0-9a-f]{12}…, tfjs on (tensorflow|webgpu|wasm)$/m);
  t.regex(stdout, /^none +0\.7802 +0\.\d{4} +0\.\d{4}$/m);
  t.deepEqual(await readdir(folder), ['street_000000_000000.png']);
});

test('an engine beside a gateway that runs is wrong usage', async (t) => {
  const { code, stderr } = await runCli(['demo', '--engine', 'tfjs', '--server', 'localhost:1']);
  t.is(code, 2);
  t.regex(stderr, /expected --engine without --server/);
});

test('a gateway that measures nothing ends the demo with 3, without a number', async (t) => {
  const folder = await temporaryFolder(t);
  const server = await scriptedGateway(t, {
    getModel: (_, answer) => answer(null, GetModelResponse.create({ model: { name: 'street' } })),
    predict: (call, answer) => {
      const predictions = call.request.examples.map(({ key = '' }) => ({ exampleKey: key }));
      answer(null, PredictResponse.create({ predictions }));
    },
  });
  const { code, stdout, stderr } = await runCli(['demo', '--server', server, '--out', folder]);
  t.is(code, 3);
  t.is(stdout, '');
  t.regex(stderr, /expected a metric of segmentation for street_000000_000000, got none/);
});
