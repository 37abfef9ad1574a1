import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { EvaluationResult } from '../../src/engine/index.js';
import { demoModels, gatewayOf } from './gateway.js';
import { type CliRun, runCli } from './run-cli.js';
import { root } from './street.js';
import { temporaryFolder } from './temporary-folder.js';

/** One gateway with the street model for all tests of a file, whose programs are compiled once. */
export function sharedDemoGateway(hooks: {
  readonly before: (start: () => Promise<void>) => void;
  readonly after: (end: () => Promise<void>) => void;
}): (t: ExecutionContext) => ReturnType<typeof evaluationSetUp> {
  const teardowns: (() => unknown)[] = [];
  let address = '';
  hooks.before(async () => {
    const { gateway } = await gatewayOf({ teardown: (end) => void teardowns.push(end) }, demoModels);
    address = gateway.grpcAddress;
  });
  hooks.after(async () => {
    for (const end of teardowns.toReversed()) await end();
  });
  return (t) => evaluationSetUp(t, address);
}

/** A folder, and how to evaluate the first scenes there. */
async function evaluationSetUp(t: ExecutionContext, address: string) {
  const out = await temporaryFolder(t);
  const data = ['--model', 'street', '--dataset-path', join(root, 'demo/scenes'), '--limit', '5'];
  const always = ['--server', address, ...data, '--no-reliability'];
  const evaluate = (folder: string, ...more: readonly string[]): Promise<CliRun> =>
    runCli(['evaluate', ...always, '--out', join(out, folder), ...more]);
  return { out, evaluate };
}

/** Cheap attacks at two radii. */
export const CHEAP = ['--attack', 'pgd(steps=2)@sum(segmentation=1)', '--epsilon', '2,4'];

/** What must not depend on how an evaluation was cut into shards. */
export const figuresOf = ({ attacks, examples, identity }: EvaluationResult) => ({ attacks, examples, identity });
