import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Command, Option } from 'commander';
import { parseTrainingConfigText, type TrainedModel, type TrainingConfig, trainModel } from '../../../lab/index.js';
import { type CliContext, EXIT, type ExitCode } from '../../context.js';
import { numberText, secondsOf } from '../../format.js';
import { jsonDocument } from '../../json.js';
import { addExample, addJsonOption, integer } from '../../options.js';
import { createProgress, PROGRESS_MODES, type ProgressMode } from '../../progress.js';
import { curveWriter } from '../../training/curve-writer.js';
import { showTraining } from '../../training/training-progress.js';

interface Options {
  readonly config: string;
  readonly out: string;
  readonly threads?: number;
  readonly check?: true;
  readonly progress: ProgressMode;
  readonly json?: true;
}

/** `robustgate lab train`: a model from a configuration, as a folder that a gateway serves. */
export function defineTrain(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  command
    .requiredOption('--config <file>', 'what is trained, on what and how: docs/LAB.md')
    .requiredOption('--out <dir>', 'folder of the model; a training that was cut off there goes on')
    .option(
      '--threads <count>',
      'threads (default: those of the configuration, or the cores that may be used)',
      integer,
    )
    .option('--check', 'only judge the configuration')
    .addOption(new Option('--progress <how>', 'how progress is shown').choices(PROGRESS_MODES).default('auto'));
  addJsonOption(command);
  addExample(command, 'robustgate lab train --config examples/lab/street.yaml --out models/street');
  command.action(async (options: Options) => {
    const config = await readTrainingConfig(options);
    if (options.check) context.stderr.write(`robustgate: ${options.config} is fine\n`);
    else tell(await trainShown(config, options, context), options, context);
    finish(EXIT.pass);
  });
}

async function readTrainingConfig({ config: path, threads }: Options): Promise<TrainingConfig> {
  const config = parseTrainingConfigText(await readFile(path, 'utf8'), dirname(path));
  return threads === undefined ? config : { ...config, threads };
}

/** Trains with progress on stderr, and draws the curves anew with a checkpoint now and then. */
async function trainShown(
  config: TrainingConfig,
  { out, progress: mode }: Options,
  context: CliContext,
): Promise<TrainedModel> {
  const progress = createProgress(context, () => performance.now(), mode);
  const curves = curveWriter(out, (problem) => progress.log(problem));
  try {
    return await trainModel(config, {
      directory: out,
      signal: context.signal,
      onProgress: (event) => {
        showTraining(progress, event);
        if (event.type === 'checkpoint') curves.draw();
      },
    });
  } finally {
    await curves.finish();
    if (context.signal.aborted) progress.log('interrupted: the same command goes on from the checkpoint');
    progress.end();
  }
}

function tell({ folder, version, record }: TrainedModel, { json }: Options, { stdout }: CliContext): void {
  if (json) {
    stdout.write(jsonDocument({ ...record, folder, version }));
    return;
  }
  const losses = Object.entries(record.losses ?? {}).map(([task, loss]) => `${task} ${numberText(loss)}`);
  stdout.write(
    `${folder}/${version}/model.onnx after ${record.steps} steps in ${secondsOf(record.seconds)}: losses ${losses.join(', ')}\n`,
  );
}
