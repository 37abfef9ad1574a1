import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Client, Model } from '../../clients/index.js';
import {
  compareWithBaseline,
  decodeShard,
  type EvaluationPlan,
  figureTasks,
  type PreparedEvaluation,
  prepareEvaluation,
  resolveGates,
  type SkippedExample,
  type TargetModel,
} from '../../engine/index.js';
import { type CliContext, EXIT, type ExitCode } from '../context.js';
import { type DatasetOptions, openNamedDataset } from '../evaluation/dataset-options.js';
import { gatewayTarget } from '../evaluation/gateway-target.js';
import { concludeEvaluation, type OutcomeOptions, readResult } from '../evaluation/outcome.js';
import { addOutcomeOptions, notNegative } from '../evaluation/outcome-options.js';
import { runShard } from '../evaluation/run-shard.js';
import { shardFileName } from '../evaluation/shard-file.js';
import { shardOf, suiteOf } from '../evaluation/suite.js';
import { targetModel } from '../evaluation/target-model.js';
import { withGateway } from '../gateway.js';
import { addExample, addGatewayOptions, type GatewayOptions, integer, number, pairs, repeatable } from '../options.js';
import { versionOf } from '../package-version.js';
import { createProgress, PROGRESS_MODES, type ProgressMode } from '../progress.js';

/** What is evaluated, where, and with what. */
export interface EvaluateOptions extends GatewayOptions, DatasetOptions, OutcomeOptions {
  readonly model: string;
  readonly version?: string;
  readonly attack?: readonly string[];
  readonly epsilon?: readonly number[];
  readonly limit?: number;
  readonly seed: number;
  readonly labelFree?: true;
  readonly shard?: string;
  readonly reliability: boolean;
  readonly patience: number;
  readonly progress: ProgressMode;
}

/** Examples that the checks of an attack look at. */
const RELIABILITY_SAMPLE = 4;

/** `robustgate evaluate`: an attack suite over a labelled dataset, with figures, gates and a report. */
export function defineEvaluate(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  command
    .requiredOption('--model <name>', 'model')
    .option('--version <version>', 'its version (default: the newest that serves)')
    .option('--dataset <name>', 'labelled dataset, by its name below `datasets:` of --config')
    .option('--config <file>', 'configuration with that dataset')
    .option('--dataset-path <path>', 'labelled dataset, by its folder or manifest instead')
    .option('--dataset-option <key=value>', 'what its layout does not say, e.g. split=train (repeatable)', pairs)
    .option(
      '--attack <spec>',
      "attack and objective, e.g. 'pgd(steps=50,eps=4)@sum(segmentation=1,depth=1)' (repeatable; default: pgd(steps=50) on all labelled tasks)",
      repeatable,
    )
    .option('--epsilon <levels>', 'radii of the attacks that state none, e.g. 1,2,4,8 (default: 4)', numbers)
    .option('--limit <count>', 'examples from the start of the dataset (default: all)', integer)
    .option('--seed <number>', 'seed of all random draws', integer, 0)
    .option('--label-free', "take the model's own clean prediction where a label is missing")
    .option('--shard <i/n>', 'evaluate one of n parts, counted from 0; `auto/n` takes JOB_COMPLETION_INDEX')
    .option('--no-reliability', 'do not check whether the attacks can be trusted')
    .option('--patience <seconds>', 'how long to wait for a gateway that went away', notNegative, 300)
    .addOption(new Option('--progress <how>', 'how progress is shown').choices(PROGRESS_MODES).default('auto'));
  addGatewayOptions(addOutcomeOptions(command));
  addExample(
    command,
    `robustgate evaluate --local --models demo/models --model street --dataset-path demo/scenes \\
  --attack 'pgd(steps=10)@sum(segmentation=1)' --epsilon 1,2,4,8 --out evaluation \\
  --fail-under 'segmentation.miou >= 0.3 @ pgd(steps=10,eps=4)'`,
  );
  command.action(async (options: EvaluateOptions) => finish(await evaluateModel(options, context)));
}

/**
 * Evaluates a model, writes what comes of it, and tells it on stdout; an evaluation that was cut off goes on.
 *
 * @returns what the command exits with
 */
export async function evaluateModel(options: EvaluateOptions, context: CliContext): Promise<ExitCode> {
  const limit = options.timeout === undefined ? [] : [AbortSignal.timeout(options.timeout)];
  const limited = { ...context, signal: AbortSignal.any([context.signal, ...limit]) };
  const skipped = await withGateway(options, limited, (client) => evaluateShard(client, options, limited));
  return await conclude(options, skipped, context);
}

function numbers(text: string): readonly number[] {
  const values = text.split(',').map(number);
  const negative = values.find((value) => value < 0);
  if (negative !== undefined) throw new InvalidArgumentError(`expected radii ≥ 0, got ${negative}`);
  return values;
}

async function evaluateShard(
  client: Client,
  options: EvaluateOptions,
  context: CliContext,
): Promise<readonly SkippedExample[]> {
  const { signal } = context;
  const { model: name, version } = options;
  const { model } = await client.getModel({ name, version }, { signal });
  if (model === undefined) throw new Error(`expected the model ${name}, got none`);
  const known = targetModel(model);
  const dataset = await openNamedDataset(options, known.tasks);
  const shard = shardOf(options.shard ?? '0/1', context.env);
  const plan = planOf(options, model, shard);
  const prepared = await prepareEvaluation(known, dataset, plan);
  await checkWishes(options, prepared, known);
  const progress = createProgress(context, () => performance.now(), options.progress);
  const log = (message: string): void => progress.log(message);
  const target = gatewayTarget(client, known, { patienceMs: options.patience * 1000, log });
  try {
    const robustgate = await versionOf();
    const { out } = options;
    return await runShard({ out, shard, plan, prepared, client, model, target, dataset, robustgate, signal, progress });
  } finally {
    progress.end();
  }
}

const planOf = (options: EvaluateOptions, { input }: Model, shard: EvaluationPlan['shard']): EvaluationPlan => ({
  attacks: suiteOf(options.attack, options.epsilon),
  labelFree: options.labelFree ?? false,
  seed: options.seed,
  limit: options.limit,
  shard,
  pictures: options.html && input?.kind === 'image',
  reliabilitySample: options.reliability ? RELIABILITY_SAMPLE : 0,
});

/** Tells what is wrong with gates and baseline before hours are spent. */
async function checkWishes(
  { shard, failUnder = [], baseline }: EvaluateOptions,
  { identity }: PreparedEvaluation,
  { tasks }: TargetModel,
): Promise<void> {
  if (shard !== undefined) return;
  resolveGates(failUnder, identity.suite, figureTasks(tasks));
  if (baseline !== undefined) {
    compareWithBaseline(await readResult(baseline), { identity, attacks: [], examples: [] });
  }
}

async function conclude(
  options: EvaluateOptions,
  skipped: readonly SkippedExample[],
  context: CliContext,
): Promise<ExitCode> {
  if (options.shard === undefined) {
    const path = join(options.out, shardFileName({ index: 0, count: 1 }));
    return await concludeEvaluation([decodeShard(await readFile(path, 'utf8'), path)], options, context);
  }
  if (options.failUnder !== undefined || options.baseline !== undefined) {
    context.stderr.write(
      'robustgate: a shard has no figures of its own: give gates and baseline to robustgate merge\n',
    );
  }
  if (skipped.length <= options.allowMissing) return EXIT.pass;
  context.stderr.write(
    `robustgate: expected at most ${options.allowMissing} examples of the shard to be missing, got ${skipped.length}\n`,
  );
  return EXIT.infrastructure;
}
