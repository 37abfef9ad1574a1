import type { Command } from 'commander';
import { type Client, GradientSupport, type Model, ModelState } from '../../clients/index.js';
import { type CliContext, EXIT, type ExitCode } from '../context.js';
import { enumName, formatTable } from '../format.js';
import { withGateway } from '../gateway.js';
import { jsonDocument } from '../json.js';
import { addExample, addGatewayOptions, addJsonOption, type GatewayOptions } from '../options.js';

interface Options extends GatewayOptions {
  readonly json?: true;
  readonly version?: string;
}

/** `robustgate models`: all models of a gateway, or one with its tasks and operators. */
export function defineModels(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  command.argument('[name]', 'model to describe; all are listed without').option('--version <version>', 'its version');
  addJsonOption(addGatewayOptions(command));
  addExample(command, 'robustgate models street --local --models demo/models');
  command.action(async (name: string | undefined, options: Options) => {
    const call = { signal: context.signal, timeoutMs: options.timeout };
    await withGateway(options, context, async (client) => {
      if (name === undefined) {
        const models = await listAll(client, call);
        context.stdout.write(options.json ? jsonDocument({ models }) : listText(models));
        return;
      }
      const { model } = await client.getModel({ name, version: options.version }, call);
      context.stdout.write(options.json ? jsonDocument({ model }) : model === undefined ? '' : modelText(model));
    });
    finish(EXIT.pass);
  });
}

async function listAll(client: Client, call: { signal: AbortSignal; timeoutMs: number | undefined }): Promise<Model[]> {
  const models: Model[] = [];
  let pageToken = '';
  do {
    const page = await client.listModels({ pageToken }, call);
    models.push(...page.models);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return models;
}

const stateText = ({ state, stateReason, quarantined }: Model): string =>
  `${enumName(ModelState, state).toLowerCase()}${quarantined ? ', quarantined' : ''}${stateReason === '' ? '' : `: ${stateReason}`}`;

const shapeText = (shape: readonly bigint[]): string =>
  shape.map((length) => (length < 0n ? '?' : `${length}`)).join('×');

function listText(models: readonly Model[]): string {
  if (models.length === 0) return 'no models\n';
  const rows = models.map((model) => [
    model.name,
    model.version,
    model.tasks.map(({ name }) => name).join(', '),
    `${model.input?.kind ?? ''} ${shapeText(model.input?.shape ?? [])}`,
    stateText(model),
  ]);
  return formatTable(['model', 'version', 'tasks', 'input', 'state'], rows, [0, 1, 2, 3, 4]);
}

function modelText(model: Model): string {
  const { input } = model;
  const isImage = input?.kind === 'image';
  const lines = [
    `${model.name} version ${model.version}, ${stateText(model)}`,
    ...(model.description === '' ? [] : [model.description]),
    `sha256 ${model.sha256}, ${model.engine} on ${model.provider}`,
    `input ${input?.name ?? ''}: ${input?.kind ?? ''} ${shapeText(input?.shape ?? [])}` +
      (isImage ? ` ${input.layout} ${input.colorOrder}` : '') +
      `, range ${input?.rangeMin ?? 0} … ${input?.rangeMax ?? 0}`,
  ];
  const tasks = model.tasks.map((task) => [
    task.name,
    task.kind,
    shapeText(task.shape),
    task.loss,
    `${task.metric}${task.unit === '' ? '' : ` in ${task.unit}`}`,
    task.attackable ? 'yes' : `no: ${task.gradientObstacles.join('; ')}`,
  ]);
  const operators = model.operators.map(({ type, count, gradient }) => [
    type,
    `${count}`,
    enumName(GradientSupport, gradient).toLowerCase(),
  ]);
  const tables = [
    formatTable(['task', 'kind', 'output', 'loss', 'metric', 'attackable'], tasks, [0, 1, 2, 3, 4, 5]),
    ...(operators.length === 0 ? [] : [formatTable(['operator', 'nodes', 'gradient'], operators, [0, 2])]),
  ];
  return [`${lines.join('\n')}\n`, ...tables].join('\n');
}
