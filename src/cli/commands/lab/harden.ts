import { readFile, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { type ModelSource, readModelFile } from '../../../engine/index.js';
import {
  type HardenedModel,
  hardenModel,
  parseTrainingConfig,
  publishVersion,
  type TrainingConfig,
  versionsOf,
} from '../../../lab/index.js';
import { type CliContext, EXIT, type ExitCode } from '../../context.js';
import { describedDataset } from '../../evaluation/dataset-options.js';
import { writeWhole } from '../../files.js';
import { secondsOf } from '../../format.js';
import { jsonDocument } from '../../json.js';
import { addExample, addJsonOption, integer, number, type Pair, pairs, repeatable } from '../../options.js';
import { createProgress, PROGRESS_MODES, type ProgressMode } from '../../progress.js';
import { curveWriter } from '../../training/curve-writer.js';
import { compareVersions, type HardeningFigure, hardeningText } from '../../training/hardening.js';
import { showTraining } from '../../training/training-progress.js';

interface Options {
  readonly model: string;
  readonly config: string;
  readonly datasetPath: string;
  readonly datasetOption?: readonly Pair[];
  readonly evaluationPath?: string;
  readonly evaluationOption?: readonly Pair[];
  readonly evaluationAttack?: readonly string[];
  readonly limit?: number;
  readonly attack: string;
  readonly cleanShare: number;
  readonly steps: number;
  readonly batch: number;
  readonly crop?: string;
  readonly flip?: true;
  readonly optimizer: 'sgd' | 'adam';
  readonly learningRate: number;
  readonly batchNorm: 'running' | 'batch';
  readonly frozen?: readonly string[];
  readonly seed: number;
  readonly threads?: number;
  readonly reliability: boolean;
  readonly html: boolean;
  readonly progress: ProgressMode;
  readonly out: string;
  readonly json?: true;
}

/** What the evaluation attacks with, where nothing else is asked for: more steps than the training. */
const EVALUATION_ATTACKS = ['pgd(steps=20,eps=4)'];

/** `robustgate lab harden`: a new version of a deployed model that withstands attacks better. */
export function defineHarden(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  command
    .requiredOption('--model <file>', 'model.onnx of the deployed model; it is only read')
    .requiredOption('--config <file>', 'its model.yaml')
    .requiredOption('--dataset-path <path>', 'labelled dataset to train on, by its folder or manifest')
    .option('--dataset-option <key=value>', 'what its layout does not say, e.g. split=train (repeatable)', pairs)
    .option('--evaluation-path <path>', 'labelled dataset of the evaluation (default: the same folder)')
    .option('--evaluation-option <key=value>', 'what its layout does not say, e.g. split=val (repeatable)', pairs)
    .option(
      '--evaluation-attack <spec>',
      `attack of the evaluation (repeatable; default: ${EVALUATION_ATTACKS})`,
      repeatable,
    )
    .option('--limit <count>', 'examples of the evaluation, from the start of its dataset (default: all)', integer)
    .option('--attack <spec>', 'attack that is trained on, and its objective', 'pgd(steps=5,eps=4,step=1.5)')
    .option('--clean-share <share>', 'share of each batch that is not attacked', number, 0)
    .option('--steps <count>', 'training steps', integer, 200)
    .option('--batch <count>', 'examples of a step', integer, 8)
    .option('--crop <HxW>', 'pixels that are cut out at random (default: all)')
    .option('--flip', 'mirror half of the examples left to right')
    .addOption(
      new Option('--optimizer <name>', 'with momentum 0.9, and no weight decay')
        .choices(['sgd', 'adam'])
        .default('sgd'),
    )
    .option('--learning-rate <rate>', 'at the start; it falls to 0 (poly, power 0.9)', number, 0.001)
    .addOption(
      new Option('--batch-norm <statistics>', 'of batch norms in a training step; running ones stay as deployed')
        .choices(['running', 'batch'])
        .default('running'),
    )
    .option('--frozen <name>', 'weights that stay as they are, * for any text (repeatable)', repeatable)
    .option('--seed <number>', 'seed of all random draws', integer, 0)
    .option('--threads <count>', 'threads (default: the cores that may be used)', integer)
    .option('--no-reliability', 'do not check whether the attacks of the evaluation can be trusted')
    .option('--no-html', 'write no reports')
    .addOption(new Option('--progress <how>', 'how progress is shown').choices(PROGRESS_MODES).default('auto'))
    .requiredOption(
      '--out <dir>',
      'folder of the model in a repository: the new version goes behind those that are there',
    );
  addJsonOption(command);
  addExample(
    command,
    `robustgate lab harden --model models/street/1/model.onnx --config models/street/model.yaml \\
  --dataset-path scenes --dataset-option split=train --evaluation-option split=val --out models/street`,
  );
  command.action(async (options: Options) => {
    await harden(options, context);
    finish(EXIT.pass);
  });
}

async function harden(options: Options, context: CliContext): Promise<void> {
  const { out, json } = options;
  const source = await deployedModel(options);
  const config = await hardeningConfig(options);
  const version = ((await versionsOf(out)).at(-1) ?? 0) + 1;
  // Beside the versions: a gateway looks at folders that are numbers only.
  const folder = join(out, 'hardening', `${version}`);
  const hardened = await hardenShown({ source, config, folder }, options, context);
  const figures = await compared({ source, hardened, folder }, options, context);
  const path = await publishVersion(out, { version, configText: source.configText, file: hardened.file });
  await rm(join(folder, 'models'), { recursive: true, force: true });
  const document = { version: `${version}`, ...hardened.record, figures };
  await writeWhole(join(folder, 'hardening.json'), `${JSON.stringify(document, undefined, 2)}\n`);
  context.stdout.write(
    json
      ? jsonDocument(document)
      : `${path} after ${hardened.record.steps} steps in ${secondsOf(hardened.record.seconds)}; more in ${folder}\n\n${hardeningText(figures)}`,
  );
}

async function deployedModel({ model, config, out }: Options): Promise<ModelSource> {
  const [files, configText] = await Promise.all([readModelFile(model), readFile(config, 'utf8')]);
  return { name: basename(resolve(out)), version: '1', configText, ...files };
}

async function hardeningConfig(options: Options): Promise<TrainingConfig> {
  const { crop, flip, optimizer, learningRate, steps, batch, seed, threads, attack, cleanShare, batchNorm } = options;
  return parseTrainingConfig({
    model: { folder: options.out, frozen: options.frozen ?? [] },
    dataset: await describedDataset(options.datasetPath, options.datasetOption ?? []),
    batchSize: batch,
    steps,
    lastBatch: 'wrap',
    seed,
    augment: { ...(crop !== undefined && { crop: crop.split('x').map(Number) }), flip: flip ?? false },
    optimizer: { kind: optimizer, learningRate },
    schedule: { kind: 'poly' },
    batchNorm: { statistics: batchNorm },
    adversarial: { attack, cleanShare },
    checkpoint: { every: 20 },
    ...(threads !== undefined && { threads }),
  });
}

async function hardenShown(
  {
    source,
    config,
    folder,
  }: { readonly source: ModelSource; readonly config: TrainingConfig; readonly folder: string },
  { progress: mode, frozen = [] }: Options,
  context: CliContext,
): Promise<HardenedModel> {
  const progress = createProgress(context, () => performance.now(), mode);
  const curves = curveWriter(folder, (problem) => progress.log(problem));
  try {
    return await hardenModel({ source, frozen }, config, {
      directory: folder,
      signal: context.signal,
      onProgress: (event) => showTraining(progress, event),
    });
  } finally {
    await curves.finish();
    if (context.signal.aborted) progress.log('interrupted: the same command goes on from the checkpoint');
    progress.end();
  }
}

async function compared(
  {
    source,
    hardened,
    folder,
  }: { readonly source: ModelSource; readonly hardened: HardenedModel; readonly folder: string },
  options: Options,
  context: CliContext,
): Promise<readonly HardeningFigure[]> {
  const { configText, file, externalFiles, name } = source;
  const { limit, seed, threads, reliability, html, progress, evaluationAttack, evaluationPath, evaluationOption } =
    options;
  const after = { configText, file: hardened.file, externalFiles: new Map() };
  return await compareVersions(
    folder,
    { before: { configText, file, externalFiles }, after },
    {
      name,
      datasetPath: evaluationPath ?? options.datasetPath,
      datasetOption: evaluationOption ?? [],
      attacks: evaluationAttack ?? EVALUATION_ATTACKS,
      limit,
      seed,
      threads,
      reliability,
      html,
      progress,
    },
    context,
  );
}
