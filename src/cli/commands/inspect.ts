import { type Command, InvalidArgumentError } from 'commander';
import { type Inspection, inspectModel, readModelFile } from '../../engine/index.js';
import { usableCores } from '../../host/index.js';
import { type CliContext, EXIT, type ExitCode } from '../context.js';
import { formatTable } from '../format.js';
import { addExample, addJsonOption, integer } from '../options.js';

interface Options {
  readonly json?: true;
  readonly size: readonly [number, number];
  readonly threads?: number;
}

/** `robustgate inspect`: what of a file can be attacked, what that costs, and a `model.yaml` to begin with. */
export function defineInspect(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  command
    .argument('<file>', 'the .onnx file')
    .option('--size <height×width>', 'image size that is tried where the file leaves it open, e.g. 256x512', size, [
      224, 224,
    ] as const)
    .option('--threads <count>', 'threads (default: the cores that may be used)', integer);
  addJsonOption(command);
  addExample(command, 'robustgate inspect demo/models/street/1/model.onnx');
  command.action(async (file: string, { json, size: tried, threads }: Options) => {
    const inspection = await inspectModel(await readModelFile(file), {
      size: tried,
      runtime: { threads: threads ?? usableCores(), allowSpinning: true },
      memoryBudgetBytes: Number.MAX_SAFE_INTEGER,
    });
    context.stdout.write(json ? `${JSON.stringify(inspection, undefined, 2)}\n` : text(inspection));
    finish(EXIT.pass);
  });
}

/** Parses `256x512`, or `256` for a square. */
function size(value: string): readonly [number, number] {
  const match = /^(\d+)(?:[x×](\d+))?$/.exec(value);
  const [height, width] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
  if (!(height > 0 && width > 0)) throw new InvalidArgumentError(`expected a size such as 256x512, got ${value}`);
  return [height, width];
}

const shapeText = (shape: readonly (number | string)[] | undefined): string =>
  shape === undefined ? '?' : shape.map((axis) => (axis === -1 || axis === '' ? '?' : `${axis}`)).join('×');

function text(inspection: Inspection): string {
  const { inputs, outputs, operators, attacked, step } = inspection;
  const producer = inspection.producer === '' ? '' : `, made by ${inspection.producer}`;
  const inputRows = inputs.map(({ name, dataType, shape }) => [
    name,
    dataType,
    shapeText(shape),
    name === attacked ? 'attacked' : '',
  ]);
  const outputRows = outputs.map(({ name, dataType, shape, sampledShape, obstacles }) => [
    name,
    dataType,
    shapeText(sampledShape ?? shape),
    obstacles.length === 0 ? 'yes' : 'no',
  ]);
  const operatorRows = operators.map(({ type, count, gradient }) => [type, `${count}`, gradient]);
  return [
    `opset ${inspection.opset}${producer}, sha256 ${inspection.sha256}\n`,
    formatTable(['input', 'type', 'shape', ''], inputRows, [0, 1, 2, 3]),
    formatTable(['output', 'type', 'shape', 'gradient'], outputRows, [0, 1, 2, 3]),
    ...outputs.flatMap((output) => (output.obstacles.length === 0 ? [] : [cutText(output)])),
    formatTable(['operator', 'nodes', 'gradient'], operatorRows, [0, 2]),
    step === undefined ? `No step to time: ${inspection.stepProblem}\n` : stepText(step),
    `Suggested model.yaml:\n\n${inspection.suggestedConfig}`,
  ].join('\n');
}

function cutText({ name, obstacles, readable }: Inspection['outputs'][number]): string {
  const tensors = readable.filter((tensor) => tensor !== name);
  const advice =
    tensors.length === 0
      ? 'nothing before it has a gradient either'
      : `a task can read ${tensors.join(' or ')} instead, which is before it`;
  return `${name} has no gradient: ${obstacles.join('; ')}; ${advice}.\n`;
}

function stepText(step: NonNullable<Inspection['step']>): string {
  const ms = (value: number): string => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
  return [
    `One step at ${shapeText(step.inputShape)} with the losses of ${step.tasks.join(', ')}:`,
    `  ${(step.multiplyAdds / 1e9).toFixed(3)} G multiplications forward, about ${Math.ceil(step.memoryBytes / 2 ** 20)} MiB`,
    `  forward ${ms(step.forwardMs)}, forward and backward ${ms(step.stepMs)}, compiled once in ${ms(step.compileMs)}\n`,
  ].join('\n');
}
