import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { type EngineError, parseModelConfig } from '../../src/engine/index.js';
import { checkPaths } from '../../src/server/check-paths.js';
import { parseGatewayConfig, parseGatewayConfigText, replicaOfHost } from '../../src/server/config.js';
import { root } from '../support/street.js';

const minimal = { modelRepository: '/models' };

test('everything but the model repository has a default, and each part can be given alone', (t) => {
  const config = parseGatewayConfig({ ...minimal, limits: { runs: 2 } });
  t.like(config, {
    grpcAddress: '127.0.0.1:8001',
    adminAddress: '127.0.0.1:8002',
    allowUnauthenticated: false,
    modelControl: 'poll',
    readiness: 'any',
    hosts: 'separate',
    reflection: true,
    drainSeconds: 25,
    logLevel: 'info',
    limits: { requestBytes: 64 * 2 ** 20, runs: 2, queue: 32 },
    hangs: { seconds: 60, compileSeconds: 600, quarantineSeconds: 600 },
  });
  t.true(config.limits.memoryBytes > 2 ** 20 && Number.isInteger(config.limits.memoryBytes));
  t.is(parseGatewayConfig({ ...minimal, limits: { memoryBytes: 5 } }).limits.memoryBytes, 5);
});

for (const [what, change, field, text] of [
  ['no repository', { modelRepository: undefined }, 'modelRepository', /./],
  ['an empty repository', { modelRepository: '' }, 'modelRepository', /./],
  ['an unknown key', { grpcAdress: 'localhost:1' }, 'grpcAdress', /did you mean grpcAddress\?/],
  ['an unknown limit', { limits: { exmples: 3 } }, 'limits.exmples', /did you mean examples\?/],
  ['an address without a port', { grpcAddress: 'localhost' }, 'grpcAddress', /HOST:PORT/],
  ['a port beyond all', { adminAddress: '127.0.0.1:65536' }, 'adminAddress', /0 … 65535/],
  ['an unknown choice', { modelControl: 'push' }, 'modelControl', /poll/],
  ['0 runs', { limits: { runs: 0 } }, 'limits.runs', /1/],
  ['half a run', { limits: { runs: 1.5 } }, 'limits.runs', /./],
  ['no time between looks', { pollSeconds: 0 }, 'pollSeconds', /0/],
  ['a replica with a dot', { replica: 'a.b' }, 'replica', /letters, digits and hyphens/],
  ['an address for all replicas', { advertisedAddress: 'gateway:8001' }, 'advertisedAddress', /\{replica\}/],
  ['no days', { history: { keepDays: 0 } }, 'history.keepDays', /0/],
  ['a negative drain', { drainSeconds: -1 }, 'drainSeconds', /0/],
] as const) {
  test(`${what} is refused: ${field}`, (t) => {
    const error = t.throws<EngineError>(() => parseGatewayConfig({ ...minimal, ...change }));
    t.is(error.code, 'INVALID_CONFIG');
    t.is(error.details.violations?.length, 1);
    t.is(error.details.violations?.[0]?.field, field);
    t.regex(error.details.violations?.[0]?.description ?? '', text);
  });
}

const probing = { ...minimal, datasets: { scenes: { kind: 'cityscapes', root: '/scenes' } } };
const probe = { name: 'nightly', schedule: '0 3 * * *', model: 'street', dataset: 'scenes' };

test('a probe needs a name, a schedule, a model and a dataset', (t) => {
  const { probes, probeShare } = parseGatewayConfig({ ...probing, probes: [probe] });
  t.is(probeShare, 0.1);
  t.like(probes[0], {
    timeZone: 'UTC',
    jitterSeconds: 0,
    examples: 64,
    attacks: ['pgd(steps=50,eps=4)'],
    seed: 0,
    catchUp: 'once',
    onNewVersion: 'after-traffic',
    reliability: true,
    gates: [],
  });
});

for (const [what, change, field, text] of [
  ['no schedule', { schedule: undefined }, 'probes[0].schedule', /./],
  ['a schedule of four fields', { schedule: '0 3 * *' }, 'probes[0].schedule', /cron expression of 5 fields/],
  ['an unknown time zone', { timeZone: 'Mars/Base' }, 'probes[0].timeZone', /IANA name.*Mars\/Base/],
  ['a negative jitter', { jitterSeconds: -1 }, 'probes[0].jitterSeconds', /0/],
  ['neither model nor labels', { model: undefined }, 'probes[0].model', /model or modelLabels, got neither/],
  ['model and labels', { modelLabels: { team: 'a' } }, 'probes[0].model', /model or modelLabels, got both/],
  [
    'a dataset that there is not',
    { dataset: 'secnes' },
    'probes[0].dataset',
    /one of the datasets \(scenes\), got secnes/,
  ],
  ['no examples', { examples: 0 }, 'probes[0].examples', /1/],
  ['an unknown attack', { attacks: ['pgd', 'pdg(steps=5)'] }, 'probes[0].attacks[1]', /did you mean pgd\?/],
  ['no attacks', { attacks: [] }, 'probes[0].attacks', /./],
  ['an unknown combination', { objective: 'plus(a=1)' }, 'probes[0].objective', /plus/],
  ['a seed beyond 32 bits', { seed: 2 ** 32 }, 'probes[0].seed', /4294967295/],
  ['no time', { timeoutSeconds: 0 }, 'probes[0].timeoutSeconds', /0/],
  ['an unknown policy', { catchUp: 'all' }, 'probes[0].catchUp', /skip/],
  ['an unknown key', { exmples: 3 }, 'probes[0].exmples', /did you mean examples\?/],
  ['a gate that is none', { gates: ['a.miou > 1', 'a.miou = 1'] }, 'probes[0].gates[1]', />=/],
  ['a negative tolerance', { regression: { tolerance: -1 } }, 'probes[0].regression.tolerance', /0/],
] as const) {
  test(`a probe with ${what} is refused: ${field}`, (t) => {
    const error = t.throws<EngineError>(() => parseGatewayConfig({ ...probing, probes: [{ ...probe, ...change }] }));
    t.deepEqual(
      error.details.violations?.map((violation) => violation.field),
      [field],
    );
    t.regex(error.details.violations?.[0]?.description ?? '', text);
  });
}

test('two probes of one name are refused', (t) => {
  const error = t.throws<EngineError>(() => parseGatewayConfig({ ...probing, probes: [probe, probe] }));
  t.is(error.details.violations?.[0]?.field, 'probes[1].name');
});

test('the roots of datasets are looked for', async (t) => {
  await t.notThrowsAsync(checkPaths({ datasets: { a: { kind: 'classification', root } } }));
  const datasets = { a: { kind: 'classification', root }, b: { kind: 'classification', root: '/nowhere' } } as const;
  const error = await t.throwsAsync<EngineError>(checkPaths({ datasets }));
  t.like(error, { code: 'INVALID_CONFIG' });
  t.deepEqual(error?.details.violations, [
    { field: 'datasets.b.root', description: 'expected to read /nowhere, got nothing' },
  ]);
});

for (const address of ['127.0.0.1:1', '127.1.2.3:1', 'localhost:0', '[::1]:8001']) {
  test(`${address} may be bound without authentication`, (t) => {
    t.is(parseGatewayConfig({ ...minimal, grpcAddress: address, adminAddress: address }).grpcAddress, address);
  });
}

for (const address of [
  '0.0.0.0:8001',
  '[::]:8001',
  '10.0.0.1:8001',
  'gateway.example:8001',
  '127.example.com:8001',
  '128.0.0.1:1',
]) {
  test(`${address} is bound only by one who says that calls are not authenticated`, (t) => {
    const open = { ...minimal, grpcAddress: address, adminAddress: address };
    const error = t.throws<EngineError>(() => parseGatewayConfig(open));
    t.deepEqual(
      error.details.violations?.map(({ field }) => field),
      ['grpcAddress', 'adminAddress'],
    );
    t.regex(error.message, /allowUnauthenticated: true says that this is wanted/);
    t.is(parseGatewayConfig({ ...open, allowUnauthenticated: true }).grpcAddress, address);
  });
}

test('text that is no YAML, or no mapping, is refused', (t) => {
  for (const text of ['a: [', '- a', 'just words']) {
    t.is(t.throws<EngineError>(() => parseGatewayConfigText(text)).code, 'INVALID_CONFIG', text);
  }
  t.is(parseGatewayConfigText('modelRepository: /models').modelRepository, '/models');
});

test('docs/CONFIG.md and docs/schemas are what the schemas say', async (t) => {
  await t.notThrowsAsync(
    promisify(execFile)(process.execPath, [join(root, 'scripts/reference.mjs'), '--check'], { cwd: root }),
  );
});

test('the examples of docs/CONFIG.md are valid', (t) => {
  const blocks = [...readFileSync(join(root, 'docs/CONFIG.md'), 'utf8').matchAll(/```yaml\n([^`]*)```/g)].map(
    ([, text = '']) => text,
  );
  const [, gateway = '', model = ''] = blocks;
  t.is(blocks.length, 3);
  t.is(parseGatewayConfigText(gateway).limits.queue, 16);
  t.is(parseModelConfig(model).tasks.length, 2);
});

for (const [host, name] of [
  ['gateway-0', 'gateway-0'],
  ['gateway-0.gateways.svc.cluster.local', 'gateway-0'],
  ['my_box', 'my-box'],
  ['-odd-', 'odd'],
  ['', 'gateway'],
  [`${'x'.repeat(62)}-y`, 'x'.repeat(62)],
] as const) {
  test(`the host "${host}" is the replica ${name}`, (t) => {
    t.is(replicaOfHost(host), name);
    t.is(parseGatewayConfig({ ...minimal, replica: name }).replica, name);
  });
}

test('the history has as much room for results as its place suggests', (t) => {
  const { history: inMemory } = parseGatewayConfig(minimal);
  t.like(inMemory, { path: ':memory:', keepDays: 90, keepRuns: 10_000, resultBytes: 64 * 2 ** 20 });
  const { history: inFolder } = parseGatewayConfig({ ...minimal, stateDirectory: '/state' });
  t.like(inFolder, { path: '/state/history.db', resultBytes: 2 ** 30 });
  const given = { path: '/elsewhere.db', resultBytes: 5 };
  t.like(parseGatewayConfig({ ...minimal, stateDirectory: '/state', history: given }).history, given);
});

test('the example of docs/PROBES.md is valid', (t) => {
  const [, text = ''] = /```yaml\n([^`]*)```/.exec(readFileSync(join(root, 'docs/PROBES.md'), 'utf8')) ?? [];
  t.deepEqual(
    parseGatewayConfigText(text).probes.map(({ name }) => name),
    ['street-nightly', 'driving-hourly'],
  );
});
