import { Command, CommanderError } from 'commander';
import { type CliContext, EXIT, type ExitCode } from './context.js';
import type { DefineCommand } from './define-command.js';
import { versionOf } from './package-version.js';

/** The commands by name. Only the one that is asked for is loaded. */
export const COMMANDS: Readonly<Record<string, { summary: string; load: () => Promise<DefineCommand> }>> = {
  serve: {
    summary: 'start the gateway',
    load: async () => (await import('./commands/serve.js')).defineServe,
  },
  models: {
    summary: 'list models, or describe one',
    load: async () => (await import('./commands/models.js')).defineModels,
  },
  predict: {
    summary: 'run a model on images or tensors',
    load: async () => (await import('./commands/predict.js')).definePredict,
  },
  attack: {
    summary: 'attack a model, and tell its metrics before and after',
    load: async () => (await import('./commands/attack.js')).defineAttack,
  },
  evaluate: {
    summary: 'attack a model on a labelled dataset, with intervals, gates and a report',
    load: async () => (await import('./commands/evaluate.js')).defineEvaluate,
  },
  merge: {
    summary: 'join the shards of an evaluation',
    load: async () => (await import('./commands/merge.js')).defineMerge,
  },
  'gradient-norm': {
    summary: "measure the gradients of a model's losses",
    load: async () => (await import('./commands/gradient-norm.js')).defineGradientNorm,
  },
  runs: {
    summary: 'list the runs of a gateway, and describe, watch or cancel one',
    load: async () => (await import('./commands/runs.js')).defineRuns,
  },
  probes: {
    summary: 'list probes and their runs, or run one now',
    load: async () => (await import('./commands/probes.js')).defineProbes,
  },
  relay: {
    summary: 'tell others what happens at a gateway: CloudEvents to NATS JetStream or a webhook',
    load: async () => (await import('./commands/relay.js')).defineRelay,
  },
  devices: {
    summary: 'say which execution providers work here',
    load: async () => (await import('./commands/devices.js')).defineDevices,
  },
  inspect: {
    summary: 'say what of an ONNX file can be attacked, and suggest a model.yaml',
    load: async () => (await import('./commands/inspect.js')).defineInspect,
  },
  gradient: {
    summary: 'compute one gradient of an ONNX file, without a gateway',
    load: async () => (await import('./commands/gradient.js')).defineGradient,
  },
  lab: {
    summary: 'make scenes, train, harden, and repeat the experiments of the paper',
    load: async () => (await import('./commands/lab/lab.js')).loadLab(),
  },
  demo: {
    summary: 'serve and attack the street model, with a table and pictures',
    load: async () => (await import('./commands/demo.js')).defineDemo,
  },
};

const EXIT_CODES = `
Exit codes: 0 done, 1 a threshold is missed or cannot be judged, 2 wrong usage, 3 anything else, an interrupt included.`;

/**
 * Runs the command that the arguments ask for.
 *
 * @param argv arguments, without the names of node and the script
 */
export async function run(argv: readonly string[], context: CliContext): Promise<ExitCode> {
  let code: ExitCode = EXIT.pass;
  try {
    const program = await programFor(argv, context, (finished) => {
      code = finished;
    });
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.pass : EXIT.usage;
    const { exitCodeOf, writeError } = await import('./errors.js');
    writeError(error, argv.includes('--json'), context);
    return exitCodeOf(error);
  }
}

async function programFor(
  argv: readonly string[],
  context: CliContext,
  finish: (code: ExitCode) => void,
): Promise<Command> {
  const program = new Command('robustgate')
    .description('Serves multitask perception models and attacks the very bytes that it serves.')
    .version(await versionOf(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(--help says more)')
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      getOutHelpWidth: () => helpWidth(context.stdout.columns),
      getErrHelpWidth: () => helpWidth(context.stderr.columns),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', EXIT_CODES);
  const asked = argv.find((argument) => !argument.startsWith('-'));
  const names = asked === 'help' ? argv : [asked];
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = program
      .command(name)
      .description(summary)
      .helpOption('-h, --help', 'print this')
      .allowExcessArguments(false);
    if (names.includes(name)) (await load())(command, context, finish);
  }
  return program;
}

const helpWidth = (columns: number | undefined): number => Math.min(columns ?? 100, 120);
