// docs/DATASETS.md against the code.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { z } from 'zod';
import { datasetConfigSchema } from '../../../src/engine/datasets/dataset-config.js';
import { parseManifestLine } from '../../../src/engine/datasets/manifest-entry.js';
import { DOMAIN_NAMES } from '../../../src/engine/datasets/taskonomy-domains.js';
import { depth, labelled, segmentation } from '../../support/datasets.js';
import { root } from '../../support/street.js';

const page = await readFile(join(root, 'docs/DATASETS.md'), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter((block) => block[1] === language)
    .map((block) => block[2] ?? '');

/** Option names of each kind, from the schema. */
const optionsOf = (): ReadonlyMap<string, readonly string[]> => {
  const { oneOf = [] } = z.toJSONSchema(datasetConfigSchema, { io: 'input' }) as {
    oneOf?: { properties: Record<string, { const?: string }> }[];
  };
  return new Map(oneOf.map(({ properties }) => [properties['kind']?.const ?? '', Object.keys(properties)]));
};

test('the page shows a configuration of each kind with all of its options', (t) => {
  const shown = blocks('yaml').map((text) => parse(text));
  t.deepEqual(new Map(shown.map((config) => [config.kind, Object.keys(config)])), new Map(optionsOf()));
  for (const config of shown) t.true(datasetConfigSchema.safeParse(config).success, config.kind);
});

test('the page has every domain of Taskonomy', (t) => {
  const named = page.split('\n').flatMap((line) => (/^\| `[a-z_0-9]+`/.test(line) ? (line.match(/`\w+`/g) ?? []) : []));
  for (const name of DOMAIN_NAMES) t.true(named.includes(`\`${name}\``), name);
});

test('the lines of the manifest on the page are read', (t) => {
  const tasks = [
    labelled('scene', { labelForm: 'class' }),
    segmentation(),
    depth(),
    labelled('tags', { labelForm: 'multi-label' }),
  ];
  const lines = blocks('json').join('').trim().split('\n');
  const keys = lines.map((line) => parseManifestLine(line, 'line', tasks, 'refuse').entry.key);
  t.deepEqual(keys, ['a', 'features/b.npy']);
});
