import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { HardeningFigure } from '../../../../src/cli/training/hardening.js';
import { runCli } from '../../../support/run-cli.js';
import { root } from '../../../support/street.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

test('a hardened model is a new version beside the old ones, with figures of both', async (t) => {
  const street = join(await temporaryFolder(t), 'street');
  await cp(join(root, 'demo/models/street'), street, { recursive: true });
  const original = await readFile(join(street, '1/model.onnx'));
  const args = [
    ...['lab', 'harden', '--model', join(street, '1/model.onnx'), '--config', join(street, 'model.yaml')],
    ...['--dataset-path', join(root, 'demo/scenes'), '--limit', '2', '--no-reliability', '--no-html'],
    ...['--evaluation-attack', 'fgsm@sum(segmentation=1)', '--attack', 'pgd(steps=1)@sum(segmentation=1)'],
    ...['--steps', '2', '--batch', '2', '--crop', '32x32', '--flip', '--out', street],
  ];
  const first = await runCli(args);
  t.is(first.code, 0, first.stderr);
  t.regex(first.stdout, /street\/2\/model\.onnx after 2 steps/);
  t.regex(first.stdout, /fgsm\(eps=4\)@sum\(segmentation=1\) +segmentation \* +miou ↑/);
  t.deepEqual((await readdir(street)).toSorted(), ['1', '2', 'hardening', 'model.yaml']);
  t.true(original.equals(await readFile(join(street, '1/model.onnx'))));
  const hardened = await readFile(join(street, '2/model.onnx'));
  t.false(hardened.equals(original));
  t.is(hardened.length, original.length, 'other weights, and nothing else');

  const document = JSON.parse(await readFile(join(street, 'hardening/2/hardening.json'), 'utf8'));
  t.like(document, { version: '2', steps: 2, config: { adversarial: { attack: 'pgd(steps=1)@sum(segmentation=1)' } } });
  const figures: readonly HardeningFigure[] = document.figures;
  t.deepEqual(
    figures.map(({ condition, task, attacked }) => [condition, task, attacked]),
    [
      ['clean', 'segmentation', false],
      ['clean', 'depth', false],
      ['clean', 'reconstruction', false],
      ['fgsm(eps=4)@sum(segmentation=1)', 'segmentation', true],
      ['fgsm(eps=4)@sum(segmentation=1)', 'depth', false],
      ['fgsm(eps=4)@sum(segmentation=1)', 'reconstruction', false],
    ],
  );
  const [before] = JSON.parse(await readFile(join(street, 'hardening/2/before/result.json'), 'utf8')).attacks;
  t.is(figures[0]?.before.value, before.tasks[0].clean.value);
  t.is(figures[3]?.before.value, before.tasks[0].adversarial.value);
  t.true(
    figures.every(({ after, before }) => (after.lower ?? 1) <= (after.value ?? 0) && before.value !== after.value),
  );
});
