// Evaluates the demo scenes in one shard and in three, fails unless both give the same figures to the last bit and agree with
// the reference, and leaves a report in evaluation-demo/. `--reliability` also checks whether the attacks can be trusted.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startLocalGateway } from '../dist/src/cli/local-gateway.js';
import { run } from '../dist/src/cli/run.js';

const root = resolve(import.meta.dirname, '..');
const out = join(root, 'evaluation-demo');
const SHARDS = 3;
const TASKS = ['segmentation', 'depth', 'reconstruction'];
/** Attacks with the reference that each must agree with; the others make the curve over ε. */
const SUITE = [
  { spec: 'pgd(steps=10,eps=1,start=none)@sum(segmentation=1)' },
  { spec: 'pgd(steps=10,eps=4,start=none)@sum(segmentation=1)', reference: 'pgd10/segmentation' },
  { spec: 'pgd(steps=10,eps=8,start=none)@sum(segmentation=1)' },
  { spec: 'pgd(steps=10,eps=4,start=none)@sum(depth=1)', reference: 'pgd10/depth' },
  { spec: 'pgd(steps=50,eps=4,start=none)@sum(segmentation=1,depth=1,reconstruction=1)', reference: 'pgd50/all' },
];

const silent = { write: () => undefined };
const context = { env: process.env, signal: new AbortController().signal, stdout: silent, stderr: process.stderr };

async function command(...argv) {
  const code = await run(argv, context);
  if (code !== 0) throw new Error(`expected ${argv[0]} to exit with 0, got ${code}`);
}

const evaluate = (address, folder, ...more) => {
  const attacks = SUITE.flatMap(({ spec }) => ['--attack', spec]);
  const data = ['--model', 'street', '--dataset-path', join(root, 'demo/scenes')];
  return command('evaluate', '--server', address, ...data, ...attacks, '--out', folder, ...more);
};

const read = async (path) => JSON.parse(await readFile(path, 'utf8'));
const robustOf = (attack, task) => attack.tasks.find((candidate) => candidate.task === task)?.adversarial.value;

/** What differs from the reference: mIoU by more than 0.005, or an error by more than 1 %. */
function disagreements({ attacks }, references) {
  return SUITE.flatMap(({ spec, reference }, i) => {
    if (reference === undefined) return [];
    const { miou, depth_abs_error: depth, reconstruction_mse: reconstruction } = references[reference];
    return [miou, depth, reconstruction].flatMap((expected, t) => {
      const got = robustOf(attacks[i], TASKS[t]);
      const tolerance = t === 0 ? 0.005 : 0.01 * expected;
      return Math.abs(got - expected) <= tolerance ? [] : [`${TASKS[t]} of ${spec}: expected ${expected}, got ${got}`];
    });
  });
}

await rm(out, { recursive: true, force: true });
await mkdir(out);
const gateway = await startLocalGateway(join(root, 'demo/models'), context);
try {
  const { grpcAddress } = gateway;
  await evaluate(grpcAddress, out, ...(process.argv.includes('--reliability') ? [] : ['--no-reliability']));
  const parts = join(out, 'shards');
  for (let i = 0; i < SHARDS; i++) {
    await evaluate(grpcAddress, parts, '--no-reliability', '--no-html', '--shard', `${i}/${SHARDS}`);
  }
  await command('merge', parts, '--out', parts, '--no-html');
} finally {
  await gateway.close();
}
const whole = await read(join(out, 'result.json'));
const merged = await read(join(out, 'shards/result.json'));
const figuresOf = ({ attacks, examples }) => JSON.stringify([attacks.map(({ tasks }) => tasks), examples]);
if (figuresOf(whole) !== figuresOf(merged))
  throw new Error(`expected the figures of one shard in ${SHARDS}, got others`);
const wrong = disagreements(whole, await read(join(root, 'test/fixtures/street/figures.json')));
if (wrong.length > 0) throw new Error(`expected the reference figures, got others:\n  ${wrong.join('\n  ')}`);
const figures = SUITE.map(
  ({ spec }, i) => `${spec} ${TASKS.map((task) => robustOf(whole.attacks[i], task)).join('/')}`,
);
console.log(`${join(out, 'report.html')}`);
console.log(`identical in 1 and ${SHARDS} shards: ${figures.join('; ')}`);
