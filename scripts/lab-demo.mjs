// Makes the model of the demo from source: draws scenes, trains on them, and judges the result by the scenes of demo/scenes, which
// it has not seen. Called again it goes on where it was cut off. Its last line has the figures; it fails if they miss the goal.
// Needs a build.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'lab-demo');
const SCENES = 2500;
/** What the model must reach on scenes that it has not seen. */
const GOALS = { miou: 0.85, depthError: 0.34 };

function robustgate(...args) {
  const { status, signal } = spawnSync(process.execPath, [join(ROOT, 'bin/robustgate.js'), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status === 0) return;
  if (signal) console.error(`robustgate ${args[0]} ${args[1]}: ended by ${signal}`);
  process.exit(status || 3);
}

robustgate(
  'lab',
  'scenes',
  '--kind',
  'street',
  '--count',
  `${SCENES}`,
  '--split',
  'train',
  '--out',
  join(FOLDER, 'scenes'),
);
robustgate('lab', 'train', '--config', 'examples/lab/street.yaml', '--out', join(FOLDER, 'models/street'));
const evaluation = join(FOLDER, 'evaluation');
// The folder remembers the model that it is of; the figures of another are no continuation.
const { sha256 } = JSON.parse(readFileSync(join(FOLDER, 'models/street/training.json'), 'utf8'));
const out = join(evaluation, sha256.slice(0, 12));
robustgate(
  ...['evaluate', '--local', '--models', join(FOLDER, 'models'), '--model', 'street', '--dataset-path', 'demo/scenes'],
  ...['--attack', 'pgd(steps=10)@sum(segmentation=1)', '--attack', 'pgd(steps=10)@sum(depth=1)', '--out', out],
);

const { attacks } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
const clean = (name) => attacks[0].tasks.find(({ task }) => task === name).clean.value;
const [miou, depthError] = [clean('segmentation'), clean('depth')];
const isReached = miou >= GOALS.miou && depthError <= GOALS.depthError;
if (!isReached) process.exitCode = 1;
console.log(
  `${isReached ? 'reached' : 'missed'}: mIoU ${miou.toFixed(3)} (≥ ${GOALS.miou}), depth error ${depthError.toFixed(3)} (≤ ${GOALS.depthError}) on the 16 scenes of demo/scenes`,
);
