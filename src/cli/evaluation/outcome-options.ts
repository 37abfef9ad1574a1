import { type Command, InvalidArgumentError } from 'commander';
import { addJsonOption, integer, repeatable } from '../options.js';

/** Adds the options of `OutcomeOptions`. */
export function addOutcomeOptions(command: Command): Command {
  command
    .requiredOption('--out <dir>', 'folder of the evaluation: rows, result.json, junit.xml, report.html')
    .option(
      '--fail-under <gate>',
      "exit with 1 unless it holds, e.g. 'segmentation.miou >= 0.30 @ pgd(steps=50,eps=4)' (repeatable)",
      repeatable,
    )
    .option('--baseline <file>', 'result.json of an earlier evaluation: exit with 1 unless this one is as good')
    .option('--allow-missing <count>', 'examples that may be missing or unreadable', notNegative, 0)
    .option('--junit <file>', 'where the JUnit XML goes (default: junit.xml in --out)')
    .option('--no-html', 'write no report');
  return addJsonOption(command);
}

/** A whole number that is not negative. */
export function notNegative(text: string): number {
  const value = integer(text);
  if (value < 0) throw new InvalidArgumentError(`expected a number ≥ 0, got ${text}`);
  return value;
}
