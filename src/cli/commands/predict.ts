import { join } from 'node:path';
import type { Command } from 'commander';
import { arrayOf, type Model, type Prediction, type Tensor } from '../../clients/index.js';
import { type CliContext, EXIT, type ExitCode } from '../context.js';
import { addExampleOptions, type ExampleOptions, readExamples } from '../examples.js';
import { fileNameOf, writeWhole } from '../files.js';
import { formatTable, metricText, numberText } from '../format.js';
import { withGateway } from '../gateway.js';
import { jsonDocument } from '../json.js';
import { addExample, addGatewayOptions, addJsonOption, type GatewayOptions, repeatable } from '../options.js';
import { labelFile, npyOf, replyTensor } from '../tensor-files.js';

interface Options extends GatewayOptions, ExampleOptions {
  readonly json?: true;
  readonly task?: readonly string[];
  readonly out?: string;
}

/** `robustgate predict`: what a model says, with metrics where there are labels. */
export function definePredict(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  addExampleOptions(command)
    .option('--task <name>', 'only this task (repeatable)', repeatable)
    .option('--out <dir>', 'write predicted classes (PNG) and numbers (.npy) there');
  addJsonOption(addGatewayOptions(command));
  addExample(
    command,
    `robustgate predict --local --models demo/models --model street \\
  --image demo/scenes/leftImg8bit/val/street/street_000000_000000_leftImg8bit.png \\
  --label segmentation=demo/scenes/gtFine/val/street/street_000000_000000_gtFine_trainIds.png`,
  );
  command.action(async (options: Options) => {
    await withGateway(options, context, async (client) => {
      const call = { signal: context.signal, timeoutMs: options.timeout };
      const examples = await readExamples(options, client);
      const { model: name, version } = options;
      const request = { modelName: name, modelVersion: version, examples, tasks: [...(options.task ?? [])] };
      const reply = await client.predict(request, call);
      const { model } = await client.getModel({ name, version: reply.modelVersion }, call);
      const files = options.out === undefined ? [] : await writeTensors(options.out, reply.predictions);
      context.stdout.write(
        options.json
          ? jsonDocument({ ...reply, predictions: reply.predictions.map(withNumbers), files })
          : predictionsText(reply.predictions, model, files),
      );
    });
    finish(EXIT.pass);
  });
}

/** Numbers of small tensors are told, those of large ones only as files. */
const SMALL = 64;

const sizeOf = ({ shape }: Tensor): number => shape.reduce((size, length) => size * Number(length), 1);

function withNumbers({ exampleKey, tasks }: Prediction): unknown {
  const numbers = (tensor: Tensor | undefined): unknown =>
    tensor === undefined
      ? undefined
      : { ...tensor, ...(sizeOf(tensor) <= SMALL ? { values: Array.from(arrayOf(tensor), Number) } : {}) };
  return {
    exampleKey,
    tasks: tasks.map((task) => ({
      ...task,
      labels: numbers(task.labels),
      values: numbers(task.values),
      raw: numbers(task.raw),
    })),
  };
}

function predictionsText(
  predictions: readonly Prediction[],
  model: Model | undefined,
  files: readonly string[],
): string {
  const rows = predictions.flatMap(({ exampleKey, tasks }) =>
    tasks.map(({ task, labels, values, metric }) => {
      const classes = model?.tasks.find(({ name }) => name === task)?.classes ?? [];
      const metricName = metric === undefined ? '' : `${metric.name} ${metricText(metric)} ${metric.unit}`.trim();
      return [exampleKey, task, predictionText(labels ?? values, labels === undefined ? [] : classes), metricName];
    }),
  );
  const table = formatTable(['example', 'task', 'prediction', 'metric'], rows, [0, 1, 2, 3]);
  return files.length === 0 ? table : `${table}\n${files.length} files written\n`;
}

function predictionText(tensor: Tensor | undefined, classes: readonly string[]): string {
  if (tensor === undefined) return '';
  const values = Array.from(arrayOf(tensor), Number);
  const nameOf = (id: number): string => classes[id] ?? `${id}`;
  if (values.length === 1) return classes.length > 0 ? nameOf(values[0] ?? 0) : numberText(values[0] ?? 0);
  const shape = tensor.shape.join('×');
  if (classes.length > 0 || tensor.datatype !== 'FP32')
    return `map ${shape}: ${commonest(values).map(nameOf).join(', ')} …`;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return `${shape} numbers, mean ${numberText(mean)}`;
}

/** The three commonest of many values. */
function commonest(values: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([value]) => value);
}

async function writeTensors(out: string, predictions: readonly Prediction[]): Promise<string[]> {
  const files: string[] = [];
  for (const { exampleKey, tasks } of predictions) {
    for (const { task, labels, values } of tasks) {
      const name = join(out, `${fileNameOf(exampleKey)}.${fileNameOf(task)}`);
      if (labels !== undefined) {
        const { extension, data } = labelFile(replyTensor(labels));
        await writeWhole(`${name}.${extension}`, data);
        files.push(`${name}.${extension}`);
      }
      if (values !== undefined) {
        await writeWhole(`${name}.npy`, npyOf(replyTensor(values)));
        files.push(`${name}.npy`);
      }
    }
  }
  return files;
}
