import { type Command, InvalidArgumentError } from 'commander';
import {
  attackEventsOf,
  type Client,
  gradientNormEventsOf,
  type Run,
  type RunEvent,
  RunState,
  TerminatedBy,
} from '../../clients/index.js';
import { type CliContext, EXIT, type ExitCode } from '../context.js';
import { enumName, formatTable } from '../format.js';
import { jsonDocument } from '../json.js';
import { addExample, enumOption, integer } from '../options.js';
import { firstItems } from '../paging.js';
import { runDocument, stateText } from '../run-document.js';
import { type AskingOptions, addServerAction } from '../server-action.js';
import { showAttack } from '../show-attack.js';
import { showGradientNorm } from '../show-gradient-norm.js';

interface ListOptions extends AskingOptions {
  readonly model?: string;
  readonly state?: RunState;
  readonly limit: number;
}

interface WatchOptions extends AskingOptions {
  readonly out?: string;
}

/** `robustgate runs`: the runs of a gateway, or one of them. */
export function defineRuns(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  const add = <Given extends AskingOptions>(
    target: Command,
    work: (client: Client, options: Given, runId: string) => Promise<void>,
  ): Command =>
    addServerAction<Given>(target, context, async (client, options, runId = '') => {
      await work(client, options, runId);
      finish(EXIT.pass);
    });
  const call = ({ timeout }: AskingOptions) => ({ signal: context.signal, timeoutMs: timeout });
  const write = (run: Run | undefined, { json }: AskingOptions): void => {
    if (run !== undefined) context.stdout.write(json ? jsonDocument({ run: runDocument(run) }) : runText(run));
  };
  add<ListOptions>(
    command
      .option('--model <name>', 'only runs on this model')
      .addOption(enumOption('--state <state>', 'only runs in this state', RunState))
      .option('--limit <count>', 'most runs that are listed, the newest first', positive, 20),
    async (client, options) => {
      const runs = await newest(client, options, call(options));
      context.stdout.write(options.json ? jsonDocument({ runs: runs.map(runDocument) }) : listText(runs));
    },
  );
  const one = (name: string, summary: string): Command =>
    command.command(`${name} <id>`).description(summary).helpOption('-h, --help', 'print this');
  add(one('get', 'describe a run'), async (client, options, runId) => {
    write((await client.getRun({ runId }, call(options))).run, options);
  });
  add(one('cancel', 'end a run'), async (client, options, runId) => {
    write((await client.cancelRun({ runId }, call(options))).run, options);
  });
  add<WatchOptions>(
    one('watch', 'show a run from its beginning').option('--out <dir>', 'write what came with its results there'),
    (client, options, runId) => watch(client.watchRun({ runId }, call(options)), options, context),
  );
  addExample(command, 'robustgate runs --model street --state failed --limit 5');
}

function positive(text: string): number {
  const count = integer(text);
  if (count < 1) throw new InvalidArgumentError(`expected at least 1, got ${text}`);
  return count;
}

async function newest(
  client: Client,
  { model, state, limit }: ListOptions,
  call: { readonly signal: AbortSignal; readonly timeoutMs: number | undefined },
): Promise<readonly Run[]> {
  return await firstItems(limit, async (page) => {
    const filter = { modelName: model, state: state ?? RunState.UNSPECIFIED };
    const { runs: items, nextPageToken } = await client.listRuns({ ...filter, ...page }, call);
    return { items, nextPageToken };
  });
}

/** The first message says what the run is. */
async function watch(
  events: AsyncIterableIterator<RunEvent>,
  options: WatchOptions,
  context: CliContext,
): Promise<void> {
  const first = await events.next();
  if (first.done) return;
  async function* all(): AsyncGenerator<RunEvent, void, void> {
    yield first.value as RunEvent;
    yield* events;
  }
  if (first.value.$case === 'attack') await showAttack(attackEventsOf(all()), options, context);
  else await showGradientNorm(gradientNormEventsOf(all()), options, context);
}

const timeText = (ms: bigint | undefined): string => (ms === undefined ? '–' : new Date(Number(ms)).toISOString());

function listText(runs: readonly Run[]): string {
  if (runs.length === 0) return 'no runs\n';
  const rows = runs.map((run) => [
    run.id,
    stateText(run),
    `${run.modelName} ${run.modelVersion}`,
    `${run.examplesDone}/${run.examplesTotal}`,
    timeText(run.createdMs),
    run.specText,
  ]);
  return formatTable(['run', 'state', 'model', 'examples', 'since', 'what'], rows, [0, 1, 2, 4, 5]);
}

function runText(run: Run): string {
  const { errorCode, errorMessage, terminatedBy } = run;
  const ended = terminatedBy === 0 ? '' : `, ${enumName(TerminatedBy, terminatedBy).toLowerCase()}`;
  const lines = [
    `${run.id}: ${stateText(run)}${ended}`,
    `${run.specText} on ${run.modelName} version ${run.modelVersion}, sha256 ${run.modelSha256}`,
    `examples ${run.examplesDone}/${run.examplesTotal}, results ${run.resultsKept ? 'kept' : 'not kept'}` +
      `${run.detached ? ', detached' : ''}${run.requestId === '' ? '' : `, request id ${run.requestId}`}`,
    `admitted ${timeText(run.createdMs)}, began ${timeText(run.startedMs)}, ended ${timeText(run.finishedMs)}`,
    ...(errorCode === '' ? [] : [`${errorCode}: ${errorMessage}`]),
  ];
  return `${lines.join('\n')}\n`;
}
