import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import {
  computeGradient,
  decodeNpy,
  encodeNpy,
  type Gradient,
  graphOutputs,
  l1Norm,
  l2Norm,
  linfNorm,
  lossNames,
  type NpyArray,
  PROVIDERS,
  type ProviderName,
  readModelFile,
} from '../../engine/index.js';
import { usableCores } from '../../host/index.js';
import { type CliContext, EXIT, type ExitCode, UsageError } from '../context.js';
import { writeWhole } from '../files.js';
import { addExample, integer, number, type Pair, pairs } from '../options.js';

interface Options {
  readonly model: string;
  readonly input: string;
  readonly target: string;
  readonly loss: string;
  readonly output?: string;
  readonly inputName?: string;
  readonly otherInput?: readonly Pair[];
  readonly classAxis: number;
  readonly activation: 'none' | 'softmax' | 'sigmoid';
  readonly ignoreIndex?: number;
  readonly reduction: 'sum' | 'mean';
  readonly provider: ProviderName;
  readonly threads?: number;
  readonly out: string;
}

/** Most memory that the program may take: as much as there is, for nobody else asked for any. */
const MEMORY_BUDGET_BYTES = Number.MAX_SAFE_INTEGER;

/** `robustgate gradient`: ∂loss/∂input of an ONNX file, as a .npy file. */
export function defineGradient(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  command
    .requiredOption('--model <file>', 'the .onnx file')
    .requiredOption(
      '--input <file>',
      'what the model itself takes, .npy of shape [N, …]: no levels, nothing is normalised',
    )
    .requiredOption(
      '--target <file>',
      "classes of the output's shape without its class axis, or numbers of its shape, .npy",
    )
    .addOption(
      new Option('--loss <name>', 'of each example: a mean over its positions')
        .choices(lossNames)
        .makeOptionMandatory(),
    )
    .option('--output <name>', 'tensor of the graph: an output or one inside (default: the only output)')
    .option('--input-name <name>', 'input of the graph (default: the only one)')
    .option('--other-input <name=number>', 'number that another input of the graph is filled with (repeatable)', pairs)
    .option('--class-axis <axis>', 'axis of the classes, the batch axis counted', integer, 1)
    .addOption(
      new Option('--activation <name>', 'what the graph has already applied to its logits')
        .choices(['none', 'softmax', 'sigmoid'])
        .default('none'),
    )
    .option('--ignore-index <class>', 'class of the target that means "do not count this position"', integer)
    .addOption(
      new Option('--reduction <name>', 'how the losses of the examples combine')
        .choices(['sum', 'mean'])
        .default('sum'),
    )
    .addOption(
      new Option('--provider <name>', 'what computes; `robustgate devices` lists what works here')
        .choices(PROVIDERS)
        .default('cpu'),
    )
    .option('--threads <count>', 'threads (default: the cores that may be used)', integer)
    .requiredOption('--out <file>', 'where the gradient is written, .npy of the shape of the input');
  addExample(
    command,
    `robustgate gradient --model model.onnx --input x.npy --target y.npy --loss cross-entropy --out g.npy`,
  );
  command.action(async (options: Options) => {
    const gradient = await gradientOf(options);
    await writeWhole(options.out, encodeNpy(gradient.gradient));
    for (const warning of gradient.warnings) context.stderr.write(`robustgate: warning: ${warning}\n`);
    context.stdout.write(`${JSON.stringify(document(options, gradient), undefined, 2)}\n`);
    finish(EXIT.pass);
  });
}

async function gradientOf(options: Options): Promise<Gradient> {
  const [model, input, target] = await Promise.all([
    readModelFile(options.model),
    readArray(options.input),
    readArray(options.target),
  ]);
  return await computeGradient({
    model,
    input,
    target,
    inputName: options.inputName,
    otherInputs: new Map((options.otherInput ?? []).map(([name, text]) => [name, number(text)])),
    loss: options.loss,
    output: options.output ?? onlyOutput(graphOutputs(model)),
    classAxis: options.classAxis,
    activation: options.activation,
    reduction: options.reduction,
    ignoreIndex: options.ignoreIndex,
    provider: options.provider,
    runtime: { threads: options.threads ?? usableCores(), allowSpinning: true },
    memoryBudgetBytes: MEMORY_BUDGET_BYTES,
    timings: 1,
  });
}

async function readArray(path: string): Promise<NpyArray> {
  return decodeNpy(await readFile(path));
}

function onlyOutput(names: readonly string[]): string {
  const [name = '', ...others] = names;
  if (others.length > 0) throw new UsageError(`expected --output with one of ${names.join(', ')}, got none`);
  return name;
}

function document({ out, loss, reduction }: Options, { loss: value, losses, gradient, ...rest }: Gradient): object {
  const { data, shape } = gradient;
  return {
    loss: finite(value),
    losses: losses.map(finite),
    lossName: loss,
    reduction,
    gradient: { file: out, shape, l1: finite(l1Norm(data)), l2: finite(l2Norm(data)), linf: finite(linfNorm(data)) },
    output: { shape: rest.output.shape },
    forwardMs: rest.forwardMs,
    stepMs: rest.stepMs,
    warnings: rest.warnings,
  };
}

/** JSON knows no infinity. */
const finite = (value: number): number | string => (Number.isFinite(value) ? value : `${value}`);
