import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { type DeepPartial, RunPhase } from '../../../src/clients/index.js';
import { type GradientNormRequest, GradientNormResponse } from '../../../src/contract/robustgate/v1/gradient_norm.js';
import { runCli } from '../../support/run-cli.js';
import { scriptedGateway } from '../../support/scripted-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const norms = (l2: number) => ({ l1: 10 * l2, l2, linf: l2 / 10 });
const gradientEvents: readonly DeepPartial<NonNullable<GradientNormResponse['event']>>[] = [
  {
    $case: 'started',
    value: { modelName: 'street', modelVersion: '2', tasks: ['class', 'depth'], unit: 'loss per level' },
  },
  { $case: 'progress', value: { phase: RunPhase.ATTACKING, gradientsDone: 1, gradientsTotal: 2 } },
  { $case: 'sweepPoint', value: { outputCount: 16, meanL2: 0.5, standardDeviationL2: 0.25, sampleCount: 20 } },
  { $case: 'result', value: { exampleKey: 'a.png', cosine: [1, Number.NaN, Number.NaN, 1] } },
  {
    $case: 'summary',
    value: {
      tasks: [
        { task: 'class', loss: 2, norms: norms(0.5) },
        { task: 'depth', loss: 3, norms: norms(0.25) },
      ],
      jointMean: norms(0.3),
      jointSum: norms(0.6),
      gramFactor: 0.75,
      theorem1AbsentReason: 'the radicand is negative',
      meanGram: [4, -1, -1, 1],
    },
  },
];

test('gradient-norm prints norms, cosines, factors and the sweep', async (t) => {
  const requests: GradientNormRequest[] = [];
  const folder = await temporaryFolder(t);
  const image = join(folder, 'a.png');
  await writeFile(image, 'image');
  const server = await scriptedGateway(t, {
    gradientNorm: (call) => {
      requests.push(call.request);
      for (const event of gradientEvents) call.write(GradientNormResponse.fromPartial({ event }));
      call.end();
    },
  });
  const argv = [
    'gradient-norm',
    '--server',
    server,
    '--model',
    'street',
    '--image',
    image,
    '--task',
    'class',
    '--loss',
    'class=margin',
  ];
  const { code, stdout, stderr } = await runCli([...argv, '--sweep', '16,256', '--draws', '5', '--seed', '3']);
  t.is(code, 0);
  t.regex(stdout, /^class +2\.0000 +5\.0000 +0\.5000 +0\.0500$/m);
  t.regex(stdout, /^mean of the losses +3\.0000 +0\.3000 +0\.0300$/m);
  t.regex(stdout, /^class +1\.000 +-0\.500$/m);
  t.regex(stdout, /^Theorem 1 factor absent: the radicand is negative$/m);
  t.regex(stdout, /^Gram factor +0\.7500$/m);
  t.regex(stdout, /^ *16 +0\.5000 +0\.2500 +20$/m);
  t.like(JSON.parse(stderr), { event: 'progress', fraction: 0.5, gradientsDone: 1 });
  t.deepEqual(requests[0]?.tasks, [{ task: 'class', loss: 'margin' }]);
  t.deepEqual(requests[0]?.sweep, { task: undefined, outputCounts: [16, 256], draws: 5 });
  t.is(requests[0]?.seed, 3n);
  const json = JSON.parse((await runCli([...argv, '--json'])).stdout);
  t.deepEqual(json.results[0].cosine, [1, null, null, 1]);
  t.is(json.summary.gramFactor, 0.75);
  t.false('theorem1Factor' in json.summary);
});
