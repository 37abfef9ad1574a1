import { type Command, InvalidArgumentError } from 'commander';
import type { Client } from '../../clients/index.js';
import { lossesOf } from '../attack-options.js';
import { type CliContext, EXIT, type ExitCode, UsageError } from '../context.js';
import { addExampleOptions, type ExampleOptions, readExamples } from '../examples.js';
import { withGateway } from '../gateway.js';
import {
  addExample,
  addGatewayOptions,
  addJsonOption,
  type GatewayOptions,
  integer,
  type Pair,
  pairs,
  repeatable,
} from '../options.js';
import { showGradientNorm } from '../show-gradient-norm.js';

interface Options extends GatewayOptions, ExampleOptions {
  readonly json?: true;
  readonly task?: readonly string[];
  readonly loss?: readonly Pair[];
  readonly labelFree?: true;
  readonly seed?: number;
  readonly sweep?: readonly number[];
  readonly sweepTask?: string;
  readonly draws?: number;
}

/** `robustgate gradient-norm`: norms per task, the joint gradient, and the factors of Theorem 1. */
export function defineGradientNorm(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  addExampleOptions(command)
    .option('--task <name>', 'measure this task (repeatable; default: all with labels)', repeatable)
    .option('--loss <task=loss>', 'loss instead of the default of a --task (repeatable)', pairs)
    .option('--label-free', "take the model's own clean prediction where a label is missing")
    .option(
      '--sweep <counts>',
      'also measure over random subsets of so many output positions, e.g. 16,256,4096',
      counts,
    )
    .option('--sweep-task <name>', 'task whose positions are drawn (default: the first)')
    .option('--draws <count>', 'subsets per number and example (default: 20)', integer)
    .option('--seed <number>', 'seed of the subsets (default: 0)', integer);
  addJsonOption(addGatewayOptions(command));
  addExample(
    command,
    `robustgate gradient-norm --local --models demo/models --model street \\
  --image demo/scenes/leftImg8bit/val/street/street_000000_000000_leftImg8bit.png \\
  --label segmentation=demo/scenes/gtFine/val/street/street_000000_000000_gtFine_trainIds.png \\
  --label depth=demo/scenes/disparity/val/street/street_000000_000000_disparity.png`,
  );
  command.action(async (options: Options) => {
    await withGateway(options, context, (client) => measure(client, options, context));
    finish(EXIT.pass);
  });
}

/** Parses `16,256,4096`. */
const counts = (text: string): readonly number[] =>
  text.split(',').map((part) => {
    const count = integer(part);
    if (count < 1) throw new InvalidArgumentError(`expected counts ≥ 1, got ${part}`);
    return count;
  });

async function measure(client: Client, options: Options, context: CliContext): Promise<void> {
  const { task = [], loss = [], sweep, sweepTask, draws } = options;
  if (sweep === undefined && (sweepTask ?? draws) !== undefined) {
    throw new UsageError('expected --sweep beside --sweep-task and --draws, got none');
  }
  const losses = lossesOf(loss, task);
  const request = {
    modelName: options.model,
    modelVersion: options.version,
    examples: await readExamples(options, client),
    tasks: task.map((name) => ({ task: name, loss: losses.get(name) })),
    labelFree: options.labelFree,
    seed: options.seed,
    sweep: sweep === undefined ? undefined : { task: sweepTask, outputCounts: [...sweep], draws },
  };
  const events = client.gradientNorm(request, { signal: context.signal, timeoutMs: options.timeout });
  await showGradientNorm(events, options, context);
}
