import { join } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import { EXPERIMENT_NAMES, type ExperimentName, SCALE_NAMES, type ScaleName } from '../../../lab/index.js';
import { type CliContext, EXIT, type ExitCode } from '../../context.js';
import { jsonDocument } from '../../json.js';
import { addExample, addJsonOption, integer } from '../../options.js';
import { createProgress, PROGRESS_MODES, type ProgressMode } from '../../progress.js';
import { dryRunText, itemText } from '../../reproduction/dry-run-text.js';
import { reproductionText } from '../../reproduction/reproduction-text.js';
import {
  judgeReproduction,
  planReproduction,
  type ReproductionRequest,
  runReproduction,
} from '../../reproduction/run-reproduction.js';
import { withTools } from '../../reproduction/tools.js';
import { writeReports } from '../../reproduction/write-reports.js';

interface Options {
  readonly scale: ScaleName;
  readonly out?: string;
  readonly data?: string;
  readonly dryRun?: true;
  readonly reportOnly?: true;
  readonly threads?: number;
  readonly progress: ProgressMode;
  readonly json?: true;
}

/** `robustgate lab reproduce`: the tables and figures of the paper, with a verdict on each of its claims. */
export function defineReproduce(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  command
    .addArgument(new Argument('<what>', 'table or figure of the paper').choices([...EXPERIMENT_NAMES, 'all']))
    .addOption(
      new Option(
        '--scale <scale>',
        'smoke: minutes, proves nothing; small: 2 cores, half a day; paper: the real datasets',
      )
        .choices(SCALE_NAMES)
        .makeOptionMandatory(),
    )
    .option(
      '--out <dir>',
      'scenes, models, cells and reports; what is there is not done again (default: reproduction/SCALE)',
    )
    .option('--data <dir>', 'folder with the real datasets, `cityscapes` and `taskonomy`, for --scale paper')
    .option('--dry-run', 'only tell what would be trained and measured, and how long it takes')
    .option('--report-only', 'only write the reports of what is there')
    .option('--threads <count>', 'threads (default: the cores that may be used)', integer)
    .addOption(new Option('--progress <how>', 'how progress is shown').choices(PROGRESS_MODES).default('auto'));
  addJsonOption(command);
  addExample(command, 'robustgate lab reproduce table2 --scale smoke');
  command.action(async (what: ExperimentName | 'all', options: Options) => {
    const { scale, out = join('reproduction', scale), data } = options;
    const experiments = what === 'all' ? EXPERIMENT_NAMES : [what];
    const request: ReproductionRequest = { experiments, scale, out, data };
    if (options.dryRun) {
      const plan = await planReproduction(request);
      const items = plan.items.map(({ item, ...rest }) => ({ what: itemText(item), ...rest }));
      context.stdout.write(options.json ? jsonDocument({ ...plan, items }) : dryRunText(plan.items, plan.folders));
      return finish(EXIT.pass);
    }
    try {
      finish(options.reportOnly ? EXIT.pass : await run(request, options, context));
    } finally {
      // An interrupted run has its reports too.
      await report(request, options, context);
    }
  });
}

async function run(request: ReproductionRequest, { threads, progress: mode }: Options, context: CliContext) {
  const progress = createProgress(context, () => performance.now(), mode);
  try {
    const failed = await withTools({ threads, signal: context.signal, log: progress.log }, (tools) =>
      runReproduction(request, tools, progress),
    );
    for (const { item, error } of failed) {
      progress.log(`failed: ${itemText(item)}: ${error instanceof Error ? error.message : String(error)}`);
    }
    return failed.length === 0 ? EXIT.pass : EXIT.infrastructure;
  } finally {
    progress.end();
  }
}

async function report(request: ReproductionRequest, { json }: Options, { stdout, stderr }: CliContext): Promise<void> {
  const reproduction = await judgeReproduction(request);
  const hasPlots = await writeReports(request.out, reproduction);
  if (!hasPlots) stderr.write('robustgate: no plots in the report, for vega and vega-lite are not installed\n');
  stdout.write(json ? jsonDocument(reproduction) : reproductionText(reproduction));
  stderr.write(`robustgate: the report is ${join(request.out, 'report.html')}\n`);
}
