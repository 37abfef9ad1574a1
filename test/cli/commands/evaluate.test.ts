import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { XMLValidator } from 'fast-xml-parser';
import { type EvaluationResult, evaluationResultSchema } from '../../../src/engine/index.js';
import { CHEAP, figuresOf, sharedDemoGateway } from '../../support/evaluate-demo.js';
import { runCli } from '../../support/run-cli.js';
import { root } from '../../support/street.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const setUp = sharedDemoGateway(test);

const readJson = async (...path: string[]) => JSON.parse(await readFile(join(...path), 'utf8'));

test.serial(
  'one shard, three, and one that was cut off and resumed give the same figures to the last bit',
  async (t) => {
    const { out, evaluate } = await setUp(t);
    const whole = await evaluate('whole', ...CHEAP);
    t.is(whole.code, 0, whole.stderr);
    for (const i of [0, 1, 2]) t.is((await evaluate('parts', ...CHEAP, '--no-html', '--shard', `${i}/3`)).code, 0);
    const merged = await runCli(['merge', join(out, 'parts'), '--wait-for', '3', '--out', join(out, 'merged')]);
    t.is(merged.code, 0, merged.stderr);
    const result = await readJson(out, 'whole/result.json');
    t.is(result.attacks.length, 2);
    t.deepEqual(evaluationResultSchema.parse(result), result);
    t.deepEqual(figuresOf(await readJson(out, 'merged/result.json')), figuresOf(result));

    const rows = join(out, 'whole/rows-0-of-1.ndjson');
    const text = await readFile(rows, 'utf8');
    // In the middle of the last row of the first attack.
    await truncate(rows, Buffer.byteLength(text.split('\n').slice(0, 6).join('\n')) - 40);
    const resumed = await evaluate('whole', ...CHEAP);
    t.regex(resumed.stderr, /has 4 rows already/);
    t.deepEqual(figuresOf(await readJson(out, 'whole/result.json')), figuresOf(result));

    const again = await evaluate('whole', ...CHEAP);
    t.regex(again.stderr, /nothing is left to do/);
    t.is(again.code, 0);
  },
);

test.serial(
  'an evaluation leaves figures, JUnit XML and a report with pictures, and other arguments are no resumption',
  async (t) => {
    const { out, evaluate } = await setUp(t);
    const { code, stdout } = await evaluate('e', ...CHEAP, '--limit', '2');
    t.is(code, 0);
    t.regex(stdout, /^pgd\(steps=2,eps=2\)@sum\(segmentation=1\) +segmentation \* +miou ↑ +0\.\d+ \[/m);
    t.true(XMLValidator.validate(await readFile(join(out, 'e/junit.xml'), 'utf8')));
    const page = await readFile(join(out, 'e/report.html'), 'utf8');
    t.regex(page, /Worst examples/);
    t.regex(page, /perturbation × 63/);
    t.regex(page, /depth, under attack/);
    t.is(page.match(/<svg/g)?.length, 5);

    const other = await evaluate('e', ...CHEAP, '--limit', '2', '--seed', '1');
    t.is(other.code, 2);
    t.regex(other.stderr, /expected seed 0, as in .*rows-0-of-1\.ndjson, got 1/);
  },
);

test.serial('gates decide the exit code, and a bad one is told before anything runs', async (t) => {
  const { out, evaluate } = await setUp(t);
  const attack = ['--attack', 'fgsm@sum(segmentation=1)', '--limit', '2', '--no-html'];
  const gate = (text: string) => evaluate('gates', ...attack, '--fail-under', text);
  t.is((await gate('segmentation.miou >= 0.1 @ fgsm')).code, 0);
  const missed = await gate('segmentation.miou >= 0.99 @ fgsm');
  t.is(missed.code, 1);
  t.regex(missed.stdout, /^(regression|inconclusive): segmentation\.miou >= 0\.99/m);
  t.like(await readJson(out, 'gates/result.json'), { gates: [{ gate: 'segmentation.miou >= 0.99 @ fgsm' }] });
  for (const text of ['segmentation.miou > ', 'nothing.miou > 1 @ fgsm', 'segmentation.miou >= 0.1 @ pgd']) {
    const { code, stderr } = await evaluate('never', ...attack, '--fail-under', text);
    t.is(code, 2, text);
    t.regex(stderr, /INVALID_OPTION/);
  }
  await t.throwsAsync(readFile(join(out, 'never/rows-0-of-1.ndjson')), { code: 'ENOENT' });

  const baseline = ['--baseline', join(out, 'gates/result.json')];
  const same = await evaluate('same', ...attack, ...baseline);
  t.is(same.code, 0, same.stdout);
  const foreign = await evaluate('same', ...attack, ...baseline, '--limit', '1');
  t.is(foreign.code, 2);
});

test.serial('a shard writes its rows only, and leaves gates to the merge', async (t) => {
  const { out, evaluate } = await setUp(t);
  const gates = ['--fail-under', 'nonsense'];
  const attack = ['--attack', 'fgsm@sum(segmentation=1)', '--no-html'];
  const { code, stdout, stderr } = await evaluate('parts', ...attack, ...gates, '--shard', '1/2');
  t.deepEqual([code, stdout], [0, '']);
  t.regex(stderr, /give gates and baseline to robustgate merge/);
  await t.throwsAsync(readFile(join(out, 'parts/result.json')), { code: 'ENOENT' });

  const merge = (...more: string[]) => runCli(['merge', join(out, 'parts'), '--out', join(out, 'm'), ...more]);
  const missing = await merge();
  t.is(missing.code, 2);
  t.regex(missing.stderr, /expected 2 shards, got none of 0\/2/);
  const late = await merge('--wait-for', '2', '--timeout', '0');
  t.is(late.code, 3);
  t.regex(late.stderr, /expected 2 finished shards within 0 s, got 1/);
  await cp(join(out, 'parts/rows-1-of-2.ndjson'), join(out, 'copy.ndjson'));
  const doubled = await runCli(['merge', join(out, 'parts'), join(out, 'copy.ndjson'), '--out', join(out, 'm')]);
  t.is(doubled.code, 2);
  t.regex(doubled.stderr, /each shard once, got .*rows-1-of-2.*copy\.ndjson/);
});

test.serial(
  'missing files are named and fail the evaluation unless they are allowed, and count once they are there',
  async (t) => {
    const { out, evaluate } = await setUp(t);
    const scenes = await temporaryFolder(t);
    await cp(join(root, 'demo/scenes'), scenes, { recursive: true });
    const lost = join(scenes, 'disparity/val/street/street_000001_000000_disparity.png');
    const kept = await readFile(lost);
    await rm(lost);
    const run = (...more: string[]) =>
      evaluate(
        'e',
        '--dataset-path',
        scenes,
        '--attack',
        'fgsm@sum(segmentation=1)',
        '--limit',
        '3',
        '--no-html',
        ...more,
      );
    const failed = await run();
    t.is(failed.code, 3);
    t.regex(failed.stderr, /expected at most 0 examples to be missing, got 1/);
    t.regex(failed.stderr, /street_000001_000000.*disparity/);
    const allowed = await run('--allow-missing', '1');
    t.is(allowed.code, 0);
    t.regex(allowed.stdout, /1 examples skipped/);
    await writeFile(lost, kept);
    t.is((await run()).code, 0);
    t.is((await readJson(out, 'e/result.json')).attacks[0].examples, 3);
  },
);

test.serial('wrong words are usage errors', async (t) => {
  const { evaluate } = await setUp(t);
  const rows: [RegExp, ...string[]][] = [
    [/--dataset NAME or --dataset-path/, '--dataset', 'x'],
    [/shard such as/, '--shard', '3/3'],
    [/an attack \(/, '--attack', 'nonsense(eps=4)'],
    [/radii ≥ 0/, '--epsilon', '-1'],
    [/did you mean split/, '--dataset-option', 'spilt=val'],
  ];
  for (const [message, ...argv] of rows) {
    const { code, stderr } = await evaluate('never', ...argv);
    t.is(code, 2, argv.join(' '));
    t.regex(stderr, message);
  }
});

test.serial('the scenes of the demo give the reference figures', async (t) => {
  const { out, evaluate } = await setUp(t);
  const attack = ['--attack', 'fgsm(eps=4)@sum(segmentation=1)', '--limit', '16', '--no-html'];
  t.is((await evaluate('e', ...attack)).code, 0);
  const { attacks } = (await readJson(out, 'e/result.json')) as EvaluationResult;
  const reference = await readJson(root, 'test/fixtures/street/figures.json');
  const figures = (condition: 'clean' | 'adversarial') =>
    (attacks[0]?.tasks ?? []).map((task) => task[condition].value ?? Number.NaN);
  const expected = (name: string) => {
    const { miou, depth_abs_error, reconstruction_mse } = reference[name];
    return [miou, depth_abs_error, reconstruction_mse] as number[];
  };
  const differences = (got: readonly number[], wanted: readonly number[]) =>
    wanted.map((value, i) => Math.abs((got[i] ?? Number.NaN) - value));
  t.true(differences(figures('clean'), expected('clean')).every((difference) => difference <= 1e-4));
  const [miou = 1, depth = 1, reconstruction = 1] = differences(figures('adversarial'), expected('fgsm/segmentation'));
  const [, wantedDepth = 0, wantedReconstruction = 0] = expected('fgsm/segmentation');
  t.true(miou <= 0.005 && depth <= 0.01 * wantedDepth && reconstruction <= 0.01 * wantedReconstruction);
});
