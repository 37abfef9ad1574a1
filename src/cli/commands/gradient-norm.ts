import { type Command, InvalidArgumentError } from 'commander';
import type {
  Client,
  GradientNormResult,
  GradientNormStarted,
  GradientNormSummary,
  GradientNorms,
  OutputSweepPoint,
} from '../../clients/index.js';
import { lossesOf } from '../attack-options.js';
import { type CliContext, EXIT, type ExitCode, UsageError } from '../context.js';
import { addExampleOptions, type ExampleOptions, readExamples } from '../examples.js';
import { formatTable, numberText } from '../format.js';
import { withGateway } from '../gateway.js';
import { jsonDocument } from '../json.js';
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
import { createProgress } from '../progress.js';
import { gradientNormState } from '../run-progress.js';

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
  const progress = createProgress(context);
  const results: GradientNormResult[] = [];
  const points: OutputSweepPoint[] = [];
  let started: GradientNormStarted | undefined;
  let summary: GradientNormSummary | undefined;
  try {
    const events = client.gradientNorm(request, { signal: context.signal, timeoutMs: options.timeout });
    for await (const event of events) {
      if (event.$case === 'started') started = event.value;
      else if (event.$case === 'progress') progress.update(gradientNormState(event.value));
      else if (event.$case === 'result') results.push(event.value);
      else if (event.$case === 'sweepPoint') points.push(event.value);
      else summary = event.value;
    }
  } finally {
    progress.end();
  }
  if (started === undefined || summary === undefined) throw new Error('expected a summary at the end, got none');
  const document = { started, results, sweep: points, summary };
  context.stdout.write(options.json ? jsonDocument(document) : reportText(started, summary, points));
}

const normCells = (norms: GradientNorms | undefined): string[] =>
  [norms?.l1, norms?.l2, norms?.linf].map((value) => numberText(value ?? 0));

/** The tables of a finished measurement. */
export function reportText(
  started: GradientNormStarted,
  summary: GradientNormSummary,
  points: readonly OutputSweepPoint[],
): string {
  const rows = [
    ...summary.tasks.map(({ task, loss, norms }) => [task, numberText(loss), ...normCells(norms)]),
    ['mean of the losses', '', ...normCells(summary.jointMean)],
    ['sum of the losses', '', ...normCells(summary.jointSum)],
  ];
  const factors = [
    `Theorem 1 factor ${summary.theorem1Factor === undefined ? `absent: ${summary.theorem1AbsentReason}` : numberText(summary.theorem1Factor)}`,
    `Gram factor      ${summary.gramFactor === undefined ? 'absent: all gradients are 0' : numberText(summary.gramFactor)}`,
  ];
  const sweep = points.map((point) => [
    `${point.outputCount}`,
    numberText(point.meanL2),
    numberText(point.standardDeviationL2),
    `${point.sampleCount}`,
  ]);
  return [
    `${started.modelName} version ${started.modelVersion}: gradients in ${started.unit}\n`,
    formatTable(['gradient of', 'loss', 'L1', 'L2', 'L∞'], rows),
    formatTable(['cosine', ...started.tasks], cosineRows(started.tasks, summary.meanGram)),
    `${factors.join('\n')}\n`,
    ...(sweep.length === 0 ? [] : [formatTable(['positions', 'mean L2', 'deviation', 'samples'], sweep)]),
  ].join('\n');
}

/** cos = G_ij / √(G_ii G_jj) of the mean Gram matrix. */
function cosineRows(tasks: readonly string[], gram: readonly number[]): string[][] {
  const at = (i: number, j: number): number => gram[i * tasks.length + j] ?? Number.NaN;
  return tasks.map((task, i) => {
    const cells = tasks.map((_, j) => at(i, j) / Math.sqrt(at(i, i) * at(j, j)));
    return [task, ...cells.map((cosine) => (Number.isNaN(cosine) ? '–' : cosine.toFixed(3)))];
  });
}
