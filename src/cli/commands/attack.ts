import type { Command } from 'commander';
import {
  type AttackEvent,
  AttackField,
  type AttackRequest,
  type AttackStarted,
  type Client,
  type DeepPartial,
} from '../../clients/index.js';
import { type AttackOptions, addAttackOptions, attackParameters, objectiveOf } from '../attack-options.js';
import { type CliContext, EXIT, type ExitCode, UsageError } from '../context.js';
import { addExampleOptions, type ExampleOptions, readExamples } from '../examples.js';
import { withGateway } from '../gateway.js';
import { jsonDocument } from '../json.js';
import { addExample, addGatewayOptions, addJsonOption, type GatewayOptions, integer } from '../options.js';
import { missedRequirements, type Requirement, requirements } from '../requirements.js';
import { showAttack } from '../show-attack.js';

interface Options extends GatewayOptions, ExampleOptions, AttackOptions {
  readonly json?: true;
  readonly seed?: number;
  readonly targeted?: true;
  readonly labelFree?: true;
  readonly batchSize?: number;
  readonly out?: string;
  readonly requestId?: string;
  readonly detach?: true;
  readonly require?: readonly Requirement[];
}

/** `robustgate attack`: metrics before and after, and the adversarial examples as files. */
export function defineAttack(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  addAttackOptions(addExampleOptions(command))
    .option('--targeted', 'approach the labels instead of leaving them')
    .option('--label-free', "take the model's own clean prediction where a label is missing")
    .option('--batch-size <count>', 'examples that run together, for a replay', integer)
    .option('--out <dir>', 'write adversarial images (PNG), tensors (.npy) and predicted classes there')
    .option(
      '--request-id <id>',
      'attach to the run of this id, or have its stored results, instead of beginning another',
    )
    .option('--detach', 'only begin it, and print its id for `robustgate runs`')
    .option(
      '--require <condition>',
      'exit with 1 unless TASK>=NUMBER (or <=) holds under attack (repeatable)',
      requirements,
    );
  addJsonOption(addGatewayOptions(command));
  addExample(
    command,
    `robustgate attack --local --models demo/models --model street --attack pgd --epsilon 4 --steps 10 \\
  --image demo/scenes/leftImg8bit/val/street/street_00000{0,1}_000000_leftImg8bit.png \\
  --label 'segmentation=demo/scenes/gtFine/val/street/{name%_leftImg8bit}_gtFine_trainIds.png' \\
  --task segmentation --out adversarial`,
  );
  command.action(async (options: Options) => {
    requireNoContradiction(options);
    const missed = await withGateway(options, context, (client) => attack(client, options, context));
    for (const line of missed) context.stderr.write(`robustgate: ${line}\n`);
    finish(missed.length === 0 ? EXIT.pass : EXIT.threshold);
  });
}

function requireNoContradiction({ detach, local, out, require }: Options): void {
  if (detach !== true) return;
  for (const [name, value] of Object.entries({ local, out, require })) {
    if (value !== undefined) throw new UsageError(`expected --detach without --${name}, got both`);
  }
}

async function attack(client: Client, options: Options, context: CliContext): Promise<readonly string[]> {
  const request = await requestOf(options, client);
  const events = client.attack(request, { signal: context.signal, timeoutMs: options.timeout });
  if (options.detach) {
    const { runId } = await firstOf(events);
    context.stdout.write(options.json ? jsonDocument({ runId }) : `${runId}\n`);
    return [];
  }
  const { summary } = await showAttack(events, options, context);
  return missedRequirements(options.require ?? [], summary.tasks);
}

/** What a run says first. Leaving the stream then leaves a detached run to itself. */
async function firstOf(events: AsyncIterable<AttackEvent>): Promise<AttackStarted> {
  for await (const event of events) if (event.$case === 'started') return event.value;
  throw new Error('expected a run with a beginning, got none');
}

async function requestOf(options: Options, client: Client): Promise<DeepPartial<AttackRequest>> {
  const objective = objectiveOf(options);
  return {
    modelName: options.model,
    modelVersion: options.version,
    examples: await readExamples(options, client),
    attack: attackParameters(options),
    objective,
    targeted: options.targeted,
    labelFree: options.labelFree,
    seed: options.seed,
    batchSize: options.batchSize,
    requestId: options.requestId,
    detach: options.detach,
    fields:
      options.out === undefined
        ? []
        : [AttackField.ADVERSARIAL_PNG, AttackField.LABEL_MAPS, AttackField.ADVERSARIAL_TENSOR],
  };
}
