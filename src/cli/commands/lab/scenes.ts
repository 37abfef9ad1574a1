import { type Command, InvalidArgumentError, Option } from 'commander';
import { usableCores } from '../../../host/index.js';
import {
  SCENE_KIND_NAMES,
  SCENE_KINDS,
  type SceneKindName,
  SPLITS,
  type Split,
  type WritingProgress,
  writeScenes,
} from '../../../lab/index.js';
import { type CliContext, EXIT, type ExitCode } from '../../context.js';
import { secondsOf } from '../../format.js';
import { jsonDocument } from '../../json.js';
import { addExample, addJsonOption, integer } from '../../options.js';
import { createProgress, PROGRESS_MODES, type Progress, type ProgressMode } from '../../progress.js';

interface Options {
  readonly kind: SceneKindName;
  readonly count: number;
  readonly seed: number;
  readonly size?: readonly [height: number, width: number];
  readonly split: Split;
  readonly world: 'plain' | 'busy';
  readonly out: string;
  readonly threads: number;
  readonly progress: ProgressMode;
  readonly json?: true;
}

/** `robustgate lab scenes`: seeded scenes with labels, in the layout of a dataset. */
export function defineScenes(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  command
    .addOption(
      new Option('--kind <kind>', 'what is seen, and so the layout: Cityscapes or Taskonomy')
        .choices(SCENE_KIND_NAMES)
        .makeOptionMandatory(),
    )
    .requiredOption('--count <count>', 'scenes of the split', positive)
    .requiredOption('--out <dir>', 'folder of the dataset; scenes that are there are kept')
    .option('--seed <number>', 'seed of all draws; the splits have none in common', integer, 0)
    .option('--size <HxW>', 'pixels (default: 64x128 for streets, 64x64 for rooms)', size)
    .addOption(new Option('--split <split>', 'part of the dataset').choices(SPLITS).default('train'))
    .addOption(
      new Option('--world <world>', 'of streets: nine classes as in the demo, or seventeen and a part that is ignored')
        .choices(['plain', 'busy'])
        .default('plain'),
    )
    .option('--threads <count>', 'worker threads (default: the cores that may be used)', positive, usableCores())
    .addOption(new Option('--progress <how>', 'how progress is shown').choices(PROGRESS_MODES).default('auto'));
  addJsonOption(command);
  addExample(command, 'robustgate lab scenes --kind street --count 1000 --split train --out scenes');
  command.action(async (options: Options) => {
    await write(options, context);
    finish(EXIT.pass);
  });
}

function positive(text: string): number {
  const count = integer(text);
  if (count < 1) throw new InvalidArgumentError(`expected at least 1, got ${text}`);
  return count;
}

function size(text: string): readonly [number, number] {
  const [, height, width] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (height === undefined) throw new InvalidArgumentError(`expected HEIGHTxWIDTH such as 64x128, got ${text}`);
  return [Number(height), Number(width)];
}

async function write(options: Options, context: CliContext): Promise<void> {
  const { kind, seed, split, world, count, threads, out: root } = options;
  const [height, width] = options.size ?? SCENE_KINDS[kind].defaultSize;
  const { signal } = context;
  const start = performance.now();
  const progress = createProgress(context, () => performance.now(), options.progress);
  let last: WritingProgress | undefined;
  try {
    for await (last of writeScenes({ kind, seed, split, height, width, world }, { root, count, threads, signal })) {
      show(progress, last, (performance.now() - start) / 1000);
    }
  } finally {
    progress.end();
  }
  const kept = last?.kept ?? 0;
  const seconds = (performance.now() - start) / 1000;
  const text = `${count - kept} scenes written to ${root} (${split}, ${height}x${width}) in ${secondsOf(seconds)}, ${kept} kept\n`;
  context.stdout.write(
    options.json ? jsonDocument({ scenes: { kind, split, seed, height, width, count, kept, seconds } }) : text,
  );
}

function show(progress: Progress, { done, total, kept }: WritingProgress, seconds: number): void {
  const written = done - kept;
  progress.update({
    phase: 'drawing',
    fraction: done / total,
    facts: [`${done}/${total} scenes`],
    etaSeconds: written === 0 ? undefined : (seconds / written) * (total - done),
    data: { done, total },
  });
}
