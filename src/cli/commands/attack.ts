import { join } from 'node:path';
import type { Command } from 'commander';
import {
  AttackField,
  type AttackRequest,
  type AttackStarted,
  type AttackSummary,
  assembleAttack,
  type Client,
  type CollectedResult,
  Condition,
  type DeepPartial,
} from '../../clients/index.js';
import { type AttackOptions, addAttackOptions, attackParameters, objectiveOf } from '../attack-options.js';
import { attackText } from '../attack-report.js';
import { type CliContext, EXIT, type ExitCode } from '../context.js';
import { addExampleOptions, type ExampleOptions, readExamples } from '../examples.js';
import { fileNameOf, writeWhole } from '../files.js';
import { withGateway } from '../gateway.js';
import { jsonDocument } from '../json.js';
import { addExample, addGatewayOptions, addJsonOption, type GatewayOptions, integer } from '../options.js';
import { createProgress, type Progress } from '../progress.js';
import { missedRequirements, type Requirement, requirements } from '../requirements.js';
import { attackState } from '../run-progress.js';
import { labelFile, npyOf } from '../tensor-files.js';

interface Options extends GatewayOptions, ExampleOptions, AttackOptions {
  readonly json?: true;
  readonly seed?: number;
  readonly targeted?: true;
  readonly labelFree?: true;
  readonly batchSize?: number;
  readonly out?: string;
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
    const missed = await withGateway(options, context, (client) => attack(client, options, context));
    for (const line of missed) context.stderr.write(`robustgate: ${line}\n`);
    finish(missed.length === 0 ? EXIT.pass : EXIT.threshold);
  });
}

async function attack(client: Client, options: Options, context: CliContext): Promise<readonly string[]> {
  const request = await requestOf(options, client);
  const call = { signal: context.signal, timeoutMs: options.timeout };
  const progress = createProgress(context);
  const results: (CollectedResult & { files: readonly string[] })[] = [];
  let started: AttackStarted | undefined;
  let summary: AttackSummary | undefined;
  try {
    for await (const event of assembleAttack(client.attack(request, call))) {
      if (event.$case === 'started') started = event.value;
      else if (event.$case === 'progress') progress.update(attackState(event.value));
      else if (event.$case === 'summary') summary = event.value;
      else {
        warn(event.value, progress);
        const files = options.out === undefined ? [] : await writePayloads(options.out, event.value);
        results.push({ ...event.value, files });
      }
    }
  } finally {
    progress.end();
  }
  if (started === undefined || summary === undefined) throw new Error('expected a run with a beginning, got none');
  const documents = results.map(({ result, files }) => ({ ...result, files }));
  context.stdout.write(
    options.json ? jsonDocument({ started, results: documents, summary }) : attackText(started, results, summary),
  );
  const fileCount = results.reduce((sum, { files }) => sum + files.length, 0);
  if (fileCount > 0 && !options.json) context.stdout.write(`\n${fileCount} files in ${options.out}\n`);
  return missedRequirements(options.require ?? [], summary.tasks);
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
    fields:
      options.out === undefined
        ? []
        : [AttackField.ADVERSARIAL_PNG, AttackField.LABEL_MAPS, AttackField.ADVERSARIAL_TENSOR],
  };
}

function warn({ result }: CollectedResult, progress: Progress): void {
  for (const { reason, message } of result.warnings)
    progress.log(`warning: ${result.exampleKey}: ${reason}: ${message}`);
}

async function writePayloads(out: string, { result, payloads }: CollectedResult): Promise<string[]> {
  const name = join(out, fileNameOf(result.exampleKey));
  const files: string[] = [];
  for (const payload of payloads) {
    const { field, task, condition } = payload.id;
    const when = condition === Condition.CLEAN ? 'clean' : 'adversarial';
    const file =
      field === AttackField.ADVERSARIAL_PNG
        ? { suffix: 'adversarial.png', data: payload.data }
        : field === AttackField.LABEL_MAPS
          ? { suffix: `${fileNameOf(task)}.${when}.${labelFile(payload).extension}`, data: labelFile(payload).data }
          : { suffix: 'adversarial.npy', data: npyOf(payload) };
    await writeWhole(`${name}.${file.suffix}`, file.data);
    files.push(`${name}.${file.suffix}`);
  }
  return files;
}
