import type { Command } from 'commander';
import { type Client, type ProbeRun, ProbeVerdict } from '../../clients/index.js';
import { type CliContext, EXIT, type ExitCode, UsageError } from '../context.js';
import { jsonDocument, plain } from '../json.js';
import { addExample, enumOption, integer } from '../options.js';
import { firstItems } from '../paging.js';
import { historyText, probeDocument, probeRunText, probeState, probesText, runLine } from '../probe-report.js';
import { createProgress } from '../progress.js';
import { type AskingOptions, addServerAction } from '../server-action.js';

interface RunOptions extends AskingOptions {
  readonly model?: string;
  readonly modelVersion?: string;
}

interface HistoryOptions extends AskingOptions {
  readonly model?: string;
  readonly verdict?: ProbeVerdict;
  readonly limit: number;
}

interface WatchOptions extends AskingOptions {
  readonly afterSequence?: number;
}

/** `robustgate probes`: the probes of a gateway, their runs, and a run now. */
export function defineProbes(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  const { stdout } = context;
  const add = <Given extends AskingOptions>(
    target: Command,
    work: (client: Client, options: Given, name: string | undefined) => Promise<ExitCode>,
  ): Command =>
    addServerAction<Given>(target, context, async (client, options, name) => finish(await work(client, options, name)));
  const call = ({ timeout }: AskingOptions) => ({ signal: context.signal, timeoutMs: timeout });
  const sub = (name: string, summary: string): Command =>
    command.command(name).description(summary).helpOption('-h, --help', 'print this');
  add(command, async (client, options) => {
    const { probes } = await client.listProbes({}, call(options));
    stdout.write(options.json ? jsonDocument({ probes: probes.map(probeDocument) }) : probesText(probes));
    return EXIT.pass;
  });
  add<RunOptions>(
    sub('run <name>', 'run a probe now, or join the run that goes on')
      .option('--model <name>', 'one of its models; all without')
      .option('--model-version <version>', 'version of that model; the one that serves without'),
    (client, options, name) => runNow(client, options, name ?? '', context),
  );
  add<HistoryOptions>(
    sub('history [name]', 'list finished runs, the newest first')
      .option('--model <name>', 'only runs on this model')
      .addOption(enumOption('--verdict <verdict>', 'only runs with this verdict', ProbeVerdict))
      .option('--limit <count>', 'most runs that are listed', integer, 20),
    async (client, options, name) => {
      const runs = await newest(client, options, name, call(options));
      stdout.write(options.json ? jsonDocument({ runs }) : historyText(runs));
      return EXIT.pass;
    },
  );
  add(sub('get <run-id>', 'describe a finished run'), async (client, options, runId) => {
    const { run } = await client.getProbeRun({ runId: runId ?? '' }, call(options));
    if (run !== undefined) stdout.write(options.json ? jsonDocument({ run }) : probeRunText(run));
    return EXIT.pass;
  });
  add<WatchOptions>(
    sub(
      'watch [name]',
      'tell each run when it has finished, until interrupted; with --json one document a line',
    ).option('--after-sequence <number>', 'begin with the stored runs after this one; 0 for all', integer),
    async (client, options, probe) => {
      const { afterSequence: after } = options;
      const request = { probe, afterSequence: after === undefined ? undefined : BigInt(after) };
      for await (const run of client.watchProbeRuns(request, call(options))) {
        stdout.write(options.json ? `${JSON.stringify(plain(run))}\n` : runLine(run));
      }
      return EXIT.pass;
    },
  );
  addExample(command, 'robustgate probes --server localhost:8001');
}

/** What a command exits with after runs: a failed one is no judgement of the model. */
function exitCodeFor(runs: readonly ProbeRun[]): ExitCode {
  if (runs.some(({ verdict }) => verdict === ProbeVerdict.FAILED)) return EXIT.infrastructure;
  return runs.every(({ verdict }) => verdict === ProbeVerdict.OK) ? EXIT.pass : EXIT.threshold;
}

async function runNow(
  client: Client,
  { model: modelName, modelVersion, json, timeout: timeoutMs }: RunOptions,
  probe: string,
  context: CliContext,
): Promise<ExitCode> {
  if (modelVersion !== undefined && modelName === undefined) {
    throw new UsageError('expected --model beside --model-version, got none');
  }
  const progress = createProgress(context);
  const runs: ProbeRun[] = [];
  try {
    const request = { probe, modelName, modelVersion };
    for await (const event of client.runProbe(request, { signal: context.signal, timeoutMs })) {
      if (event.$case === 'progress') progress.update(probeState(event.value));
      if (event.$case === 'run') runs.push(event.value);
    }
  } finally {
    progress.end();
  }
  context.stdout.write(json ? jsonDocument({ runs }) : runs.map(probeRunText).join('\n'));
  return exitCodeFor(runs);
}

async function newest(
  client: Client,
  { model: modelName, verdict = ProbeVerdict.UNSPECIFIED, limit }: HistoryOptions,
  probe: string | undefined,
  call: { readonly signal: AbortSignal; readonly timeoutMs: number | undefined },
): Promise<readonly ProbeRun[]> {
  if (limit < 1) throw new UsageError(`expected --limit of at least 1, got ${limit}`);
  return await firstItems(limit, async (page) => {
    const { runs: items, nextPageToken } = await client.listProbeRuns({ probe, modelName, verdict, ...page }, call);
    return { items, nextPageToken };
  });
}
