// `npm run bench:peers -- DIR`: our gradient step beside PyTorch's, on the networks that export.py wrote to DIR.
import { readdirSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { hostEnvironment, usableCores } from '../../src/host/index.js';
import { type Facts, measure } from './measure.js';
import { startStepper } from './stepper.js';
import { heading, LIBRARIES, table } from './table.js';

/**
 * Largest ‖difference‖ ÷ ‖gradient‖ at which both count as the same. Of a network of smooth functions it is near 1e-6; among
 * millions of ReLUs a few are so near 0 that rounding decides for each side, and PyTorch differs from itself in float64 by
 * about 5e-3.
 */
const TOLERANCE = 1e-2;

const USAGE = `usage: npm run bench:peers -- DIR [--networks NAME,…] [--batches 1,8] [--threads N] [--rounds N]
         [--python PROGRAM] [--channels-last] [--foolbox PATH] [--torchattacks PATH] [--art PATH]
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    networks: { type: 'string' },
    batches: { type: 'string', default: '1,8' },
    threads: { type: 'string', default: `${usableCores()}` },
    rounds: { type: 'string', default: '5' },
    python: { type: 'string', default: 'python3' },
    'channels-last': { type: 'boolean', default: false },
    foolbox: { type: 'string' },
    torchattacks: { type: 'string' },
    art: { type: 'string' },
  },
});
const [folder] = positionals;
if (folder === undefined) {
  process.stderr.write(USAGE);
  process.exit(2);
}
const threads = Number(values.threads);
const networks = values.networks?.split(',') ?? readdirSync(folder).toSorted();
const rows: Facts[] = [];
for (const network of networks) {
  for (const batch of values.batches.split(',').map(Number)) {
    const facts = await factsOf(resolve(folder), network, batch).catch((error: Error) => error.message);
    if (typeof facts === 'string') fail(`${network}, batch ${batch}: ${facts}`);
    else rows.push(facts);
  }
}
const [first] = rows;
if (first !== undefined) process.stdout.write(`\n${heading(first, threads)}\n${table(rows)}`);

/** In processes of their own, so that the peak of memory is of this network and batch. */
async function factsOf(path: string, network: string, batch: number): Promise<Facts> {
  const root = resolve(import.meta.dirname, '../../..');
  const threadArgs = ['--threads', `${threads}`];
  const layout = values['channels-last'] ? ['--channels-last'] : [];
  const libraries = Object.keys(LIBRARIES).flatMap((name) => {
    const given = values[name as keyof typeof LIBRARIES];
    return given === undefined ? [] : [{ name, path: resolve(given) }];
  });
  const paths = [...libraries.map((library) => library.path), process.env['PYTHONPATH'] ?? ''];
  const ours = startStepper(
    process.execPath,
    [resolve(import.meta.dirname, 'our-step.js'), ...threadArgs],
    hostEnvironment({}),
  );
  const script = resolve(root, 'bench/peers/torch_step.py');
  const torch = startStepper(values.python, [script, ...threadArgs, ...layout], {
    PYTHONPATH: paths.filter((part) => part !== '').join(delimiter),
    OMP_NUM_THREADS: `${threads}`,
  });
  try {
    const names = libraries.map(({ name }) => name);
    const facts = await measure(ours, torch, {
      folder: path,
      network,
      batch,
      rounds: Number(values.rounds),
      libraries: names,
    });
    report(facts);
    return facts;
  } finally {
    await Promise.all([ours.close(), torch.close()]);
  }
}

function report({ network, batch, gradientError, rounding, libraries }: Facts): void {
  const own = rounding === undefined ? '' : `; PyTorch's own from float64 by ${rounding.toExponential(1)}`;
  process.stdout.write(`${network}, batch ${batch}: gradients differ by ${gradientError.toExponential(1)}${own}\n`);
  if (!(gradientError < TOLERANCE)) fail(`${network}, batch ${batch}: expected a difference below ${TOLERANCE}`);
  for (const [name, outcome] of libraries) {
    if (typeof outcome === 'string') process.stderr.write(`${name}: ${outcome}\n`);
  }
}

function fail(message: string): void {
  process.stderr.write(`FAIL ${message}\n`);
  process.exitCode = 1;
}
