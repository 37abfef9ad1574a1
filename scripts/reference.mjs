// Writes what is said of the configuration from the schemas that judge it, docs/schemas/*.json and the tables of docs/CONFIG.md, and
// what is said of metrics from the registry that tells them, the tables of docs/METRICS.md. The lab's own configuration is in
// docs/LAB.md.
// `--check` only compares. Needs a build.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { format } from 'node:util';
import { z } from 'zod';
import { evaluationResultSchema, modelConfigSchema } from '../dist/src/engine/index.js';
import { trainingConfigSchema } from '../dist/src/lab/index.js';
import { gatewayConfigSchema, metricDescriptions } from '../dist/src/server/index.js';

const FILES = {
  gateway: { schema: gatewayConfigSchema, title: 'Configuration of a robustgate gateway' },
  model: { schema: modelConfigSchema, title: 'model.yaml of a robustgate model repository' },
};
/** Files that the lab reads. */
const LAB_FILES = {
  training: {
    schema: trainingConfigSchema,
    title: 'Configuration of a robustgate training',
    // What datasets are told is in docs/CONFIG.md already.
    told: /^(validation[.])?dataset [(]/,
  },
};
/** Files that programs write: no page lists their keys. */
const OUTPUTS = {
  result: { schema: evaluationResultSchema, title: 'result.json of a robustgate evaluation' },
};
const CONFIG = 'docs/CONFIG.md';
const METRICS = 'docs/METRICS.md';
const LAB = 'docs/LAB.md';

const jsonSchemaOf = ({ schema, title }) => {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return { $schema, title, ...rest };
};

/** Every key with its type, default and meaning; those of alternatives one after the other. */
function rowsOf(schema, path = '') {
  const branches = schema.oneOf ?? schema.anyOf ?? [];
  if (schema.type === 'array' && schema.items) return rowsOf(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === 'object') return rowsOf(schema.additionalProperties, `${path}.*`);
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const key = path === '' ? name : `${path}.${name}`;
    const isRequired = (schema.required ?? []).includes(name);
    return [
      { key, type: typeOf(property), fallback: defaultOf(property, isRequired), text: property.description },
    ].concat(rowsOf(property, key));
  });
  return [...own, ...branches.flatMap((branch) => rowsOf(branch, variantPath(path, branch)))];
}

/** Alternatives that say which they are are told apart in the table. */
const variantPath = (path, { properties }) =>
  properties?.kind?.const === undefined ? path : `${path} (${properties.kind.const})`;

function typeOf(schema) {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  const branches = schema.oneOf ?? schema.anyOf;
  if (branches) return [...new Set(branches.map(typeOf))].join(' or ');
  if (schema.type === 'array') {
    const { prefixItems, items } = schema;
    return prefixItems ? `[${prefixItems.map(typeOf).join(', ')}]` : `list of ${typeOf(items)}`;
  }
  return [{ integer: 'whole number' }[schema.type] ?? schema.type, rangeOf(schema)].filter(Boolean).join(' ');
}

function rangeOf({ minimum, maximum, exclusiveMinimum }) {
  const isReal = (limit) => limit !== undefined && Math.abs(limit) !== Number.MAX_SAFE_INTEGER;
  if (exclusiveMinimum !== undefined) return `> ${exclusiveMinimum}`;
  if (isReal(minimum) && isReal(maximum)) return `${minimum} … ${maximum}`;
  return isReal(minimum) ? `≥ ${minimum}` : '';
}

function defaultOf({ default: value, description = '' }, isRequired) {
  if (isRequired) return 'required';
  if (value !== undefined && typeof value !== 'object') return `\`${JSON.stringify(value)}\``;
  return /Default: (.*)\.$/.exec(description)?.[1] ?? '';
}

function tableOf(file) {
  const told = rowsOf(jsonSchemaOf(file)).filter(({ key }) => !file.told?.test(key));
  const rows = told.map(({ key, type, fallback, text }) => {
    if (text === undefined) throw new Error(format('expected a description of %s, got none', key));
    const meaning = text.replace(/ ?Default: .*$/, '');
    return `| \`${key}\` | ${type} | ${fallback} | ${meaning} |`.replaceAll(/ {2,}/g, ' ');
  });
  // Alternatives share keys.
  return ['| key | type | default | meaning |', '|---|---|---|---|', ...new Set(rows)].join('\n');
}

/** A page with its tables, by name, written anew. */
function pageWith(path, tables) {
  return Object.entries(tables).reduce(
    (page, [name, table]) => {
      const [begin, end] = [`<!-- ${name}: written by scripts/reference.mjs -->`, `<!-- end of ${name} -->`];
      const [before, rest] = page.split(begin);
      const [, after] = (rest ?? '').split(end);
      if (after === undefined) throw new Error(`expected ${begin} and ${end} in ${path}`);
      return `${before}${begin}\n${table}\n${end}${after}`;
    },
    readFileSync(path, 'utf8'),
  );
}

const tablesOf = (files) => Object.fromEntries(Object.entries(files).map(([name, file]) => [name, tableOf(file)]));

/** What probes found, and all the rest. */
const ABOUT_PROBES = /^robustgate_(probe_|robust_|clean_|gradient_|theorem1_)/;

function metricTable(isAboutProbes) {
  const rows = metricDescriptions()
    .filter(({ name }) => ABOUT_PROBES.test(name) === isAboutProbes)
    .map(({ name, type, labels, help }) => {
      const list = labels.map((label) => `\`${label}\``).join(', ');
      return `| \`${name}\` | ${type} | ${list} | ${help} |`.replaceAll(/ {2,}/g, ' ');
    });
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

const pages = new Map([
  ...Object.entries({ ...FILES, ...LAB_FILES, ...OUTPUTS }).map(([name, file]) => [
    `docs/schemas/${name}.schema.json`,
    `${JSON.stringify(jsonSchemaOf(file), undefined, 2)}\n`,
  ]),
  [CONFIG, pageWith(CONFIG, tablesOf(FILES))],
  [LAB, pageWith(LAB, tablesOf(LAB_FILES))],
  [METRICS, pageWith(METRICS, { probes: metricTable(true), serving: metricTable(false) })],
]);

const isCheck = process.argv.includes('--check');
if (!isCheck) mkdirSync('docs/schemas', { recursive: true });
for (const [path, text] of pages) {
  if (!isCheck) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${path} is not what the code says: run npm run reference`);
    process.exitCode = 1;
  }
}
