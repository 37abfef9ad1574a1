import { join } from 'node:path';
import {
  type AttackEvent,
  AttackField,
  type AttackStarted,
  type AttackSummary,
  assembleAttack,
  type CollectedResult,
  Condition,
} from '../clients/index.js';
import { attackText } from './attack-report.js';
import type { CliContext } from './context.js';
import { fileNameOf, writeWhole } from './files.js';
import { jsonDocument } from './json.js';
import { createProgress, type Progress } from './progress.js';
import { attackState } from './run-progress.js';
import { labelFile, npyOf } from './tensor-files.js';

/** How an attack is shown. */
export interface ShowOptions {
  readonly json?: true;
  /** Folder for what came with the results. */
  readonly out?: string;
}

/** Shows an attack as it goes, and its tables or one JSON document at the end. */
export async function showAttack(
  events: AsyncIterable<AttackEvent>,
  options: ShowOptions,
  context: CliContext,
): Promise<{ readonly summary: AttackSummary }> {
  const progress = createProgress(context);
  const results: (CollectedResult & { files: readonly string[] })[] = [];
  let started: AttackStarted | undefined;
  let summary: AttackSummary | undefined;
  try {
    for await (const event of assembleAttack(events)) {
      if (event.$case === 'started') started = event.value;
      else if (event.$case === 'progress') progress.update(attackState(event.value));
      else if (event.$case === 'summary') summary = event.value;
      else {
        warn(event.value, results.length === 0, progress);
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
  return { summary };
}

/** A transfer is one for all examples: it is told once. */
function warn({ result }: CollectedResult, isFirst: boolean, progress: Progress): void {
  for (const { reason, message } of result.warnings) {
    if (reason !== 'TRANSFER') progress.log(`warning: ${result.exampleKey}: ${reason}: ${message}`);
    else if (isFirst) progress.log(`warning: ${reason}: ${message}`);
  }
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
