import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { decodeModel, EngineError } from '../../../engine/index.js';
import {
  layersModel,
  parseTrainingConfigText,
  publishVersion,
  type TrainedFile,
  trainedFile,
} from '../../../lab/index.js';
import { type CliContext, EXIT, type ExitCode } from '../../context.js';
import { writeWhole } from '../../files.js';
import { addExample, integer } from '../../options.js';
import { tfjsConfig } from '../../tfjs-config.js';

interface Options {
  readonly from: string;
  readonly version?: string;
  readonly config?: string;
  readonly format: 'onnx' | 'tfjs';
  readonly size?: readonly [height: number, width: number];
  readonly out: string;
}

/** `robustgate lab export`: a trained model as the folder of a model repository. */
export function defineExport(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  command
    .requiredOption('--from <dir>', 'folder of a model, as lab train leaves it')
    .option('--version <version>', 'its version (default: the newest)')
    .option('--config <file>', 'configuration of the training in that folder: its checkpoint instead of a version')
    .addOption(
      new Option('--format <name>', 'what is written; tfjs knows the networks of the lab and what is like them')
        .choices(['onnx', 'tfjs'])
        .default('onnx'),
    )
    .option('--size <HxW>', 'pixels of images, which TF.js needs where the model leaves them free', size)
    .requiredOption('--out <dir>', 'folder of the model that is written');
  addExample(
    command,
    'robustgate lab export --from models/street --format tfjs --size 64x128 --out tfjs-models/street',
  );
  command.action(async (options: Options) => {
    const trained = await fileOf(options);
    const path = options.format === 'onnx' ? await writeOnnx(trained, options) : await writeTfjs(trained, options);
    context.stdout.write(`${path}: ${trained.described}\n`);
    finish(EXIT.pass);
  });
}

function size(text: string): readonly [number, number] {
  const [height, width, ...more] = text.split('x').map(integer);
  if (height === undefined || width === undefined || more.length > 0 || height < 1 || width < 1)
    throw new InvalidArgumentError(`expected height and width such as 64x128, got ${text}`);
  return [height, width];
}

async function fileOf({ from, version, config: path }: Options): Promise<TrainedFile> {
  const config = path === undefined ? undefined : parseTrainingConfigText(await readFile(path, 'utf8'), dirname(path));
  return await trainedFile(from, { version, config });
}

const writeOnnx = ({ configText, file }: TrainedFile, { out }: Options): Promise<string> =>
  publishVersion(out, { version: 1, configText, file });

async function writeTfjs({ configText, file }: TrainedFile, { out, size: pixels }: Options): Promise<string> {
  const { modelJson, weights } = layersModel(decodeModel(file, refuseExternal), 'NHWC', pixels);
  const path = join(out, '1/model.json');
  // The file that names the others comes last.
  await writeWhole(join(out, 'model.yaml'), tfjsConfig(configText));
  await writeWhole(join(out, '1/weights.bin'), weights);
  await writeWhole(path, modelJson);
  return path;
}

const refuseExternal = (): never => {
  throw new EngineError('INVALID_MODEL', 'expected a model in one file, got one with tensors beside it');
};
