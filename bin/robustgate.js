#!/usr/bin/env node
// Runs the compiled command line. In a clone it is compiled first, once: `npm ci` runs no install scripts here (.npmrc).
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const main = new URL('dist/src/cli/main.js', root);
const INFRASTRUCTURE = 3;

function fail(message) {
  process.stderr.write(`robustgate: ${message}\n`);
  process.exit(INFRASTRUCTURE);
}

function compilerPath() {
  try {
    return createRequire(import.meta.url).resolve('typescript/bin/tsc');
  } catch {
    return fail('expected dist/, or TypeScript to build it, got neither: run `npm ci` (with dev dependencies) first');
  }
}

/** Into a folder of its own, which becomes dist/ whole: another process may be at the same. */
function build() {
  const unfinished = fileURLToPath(new URL(`dist.${process.pid}.tmp/`, root));
  const dist = fileURLToPath(new URL('dist/', root));
  const args = [compilerPath(), '-p', fileURLToPath(root), '--outDir', unfinished];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  let problem = status === 0 ? '' : `expected a build without errors, got:\n${stdout}${stderr}`;
  try {
    // A dist/ without a main is what is left of a build that was stopped.
    if (problem === '' && !existsSync(main)) {
      rmSync(dist, { recursive: true, force: true });
      renameSync(unfinished, dist);
    }
  } catch (error) {
    problem = `expected to write dist/, got: ${error.message}`;
  }
  rmSync(unfinished, { recursive: true, force: true });
  if (problem !== '' && !existsSync(main)) fail(problem);
}

if (!existsSync(main)) build();
await import(main.href);
