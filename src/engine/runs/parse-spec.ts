import type { AttackParameters } from '../attacks/attack.js';
import { attackNames } from '../attacks/methods/index.js';
import { nearestTo } from '../models/parse-strict.js';
import type { AttackSpecRequest, RequestedTask } from './attack-spec.js';
import { SHORT_PARAMETERS } from './format-spec.js';
import type { Combination } from './spec.js';
import { TextScanner } from './text-scanner.js';

const COMBINATIONS = ['sum', 'balanced', 'sign-sum'] as const satisfies readonly Combination[];

/** How the value of a parameter is written. */
type Written =
  | { readonly form: 'number' }
  /** Levels of 255: `4`, or `4/255` as metrics and reports print it. */
  | { readonly form: 'levels' }
  | { readonly form: 'boolean' }
  | { readonly form: 'word'; readonly words: readonly string[] };

const WRITTEN: Readonly<Record<keyof AttackParameters, Written>> = {
  steps: { form: 'number' },
  epsilon: { form: 'levels' },
  stepSize: { form: 'levels' },
  restarts: { form: 'number' },
  randomStart: { form: 'word', words: ['none', 'uniform', 'upper-corner'] },
  decay: { form: 'number' },
  normalizeGradient: { form: 'boolean' },
  norm: { form: 'word', words: ['linf', 'l2'] },
  houdiniPush: { form: 'word', words: ['analytic', 'one-sided'] },
  iterate: { form: 'word', words: ['last', 'best'] },
  earlyStop: { form: 'boolean' },
};

/**
 * Reads the text form of an attack, the inverse of `formatSpec`:
 *
 *   [targeted-]ATTACK[(PARAMETER=VALUE, …)][@COMBINATION[(TASK[=WEIGHT][:LOSS], …)]]
 *
 * What is left out has the defaults of the attack, of the task and of a request: `pgd` attacks every task with a label.
 * Spaces may stand between any two words.
 *
 * @throws EngineError `INVALID_OPTION`. Thrown when the text is no such form; the message says what was expected, what was
 *   got and at which column. Whether values are in range and tasks are there is judged by `resolveAttackSpec`.
 */
export function parseSpec(text: string): AttackSpecRequest {
  const scanner = new TextScanner(text, 'the text form of an attack');
  const spec = readSpec(scanner);
  scanner.expectEnd('`@` or the end');
  return spec;
}

function readSpec(scanner: TextScanner): AttackSpecRequest {
  const name = scanner.word('an attack');
  const targeted = name.text.startsWith('targeted-');
  const attack = targeted ? name.text.slice('targeted-'.length) : name.text;
  if (!attackNames.includes(attack)) {
    const nearest = nearestTo(attack, attackNames);
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    scanner.fail(`an attack (${attackNames.join(', ')})`, name.column, `${name.text}${hint}`);
  }
  const parameters = readParameters(scanner);
  const combination = scanner.skip('@') ? oneOf(scanner, 'a combination', COMBINATIONS) : undefined;
  const tasks = combination === undefined ? [] : scanner.list(() => readTask(scanner));
  rejectRepeated(scanner, tasks);
  return {
    attack,
    parameters,
    mtrobustCompat: false,
    combination,
    tasks: tasks.map(({ task }) => task),
    targeted,
    labelFree: false,
    seed: undefined,
    batchSize: undefined,
  };
}

function rejectRepeated(scanner: TextScanner, tasks: readonly { task: RequestedTask; column: number }[]): void {
  const seen = new Set<string>();
  for (const { task, column } of tasks) {
    if (seen.has(task.task)) scanner.fail('each task once', column, `${task.task} again`);
    seen.add(task.task);
  }
}

function readParameters(scanner: TextScanner): AttackSpecRequest['parameters'] {
  const names = SHORT_PARAMETERS.map(([short]) => short);
  const values: { [name: string]: number | boolean | string } = {};
  scanner.list(() => {
    const name = scanner.word('a parameter');
    const parameter = SHORT_PARAMETERS.find(([short]) => short === name.text)?.[1];
    if (parameter === undefined) return scanner.fail(`a parameter (${names.join(', ')})`, name.column, name.text);
    if (values[parameter] !== undefined) scanner.fail('each parameter once', name.column, `${name.text} again`);
    scanner.expect('=');
    values[parameter] = readValue(scanner, WRITTEN[parameter]);
  });
  return values;
}

function readValue(scanner: TextScanner, written: Written): number | boolean | string {
  switch (written.form) {
    case 'number':
      return scanner.number();
    case 'levels':
      return readLevels(scanner);
    case 'boolean':
      return oneOf(scanner, 'a value', ['true', 'false'] as const) === 'true';
    case 'word':
      return oneOf(scanner, 'a value', written.words);
  }
}

/** `4` or `4/255`. */
function readLevels(scanner: TextScanner): number {
  const levels = scanner.number();
  if (!scanner.skip('/')) return levels;
  const column = scanner.column;
  const base = scanner.number();
  return base === 255 ? levels : scanner.fail('255 below the line', column, `${base}`);
}

function readTask(scanner: TextScanner): { readonly task: RequestedTask; readonly column: number } {
  const name = scanner.word('a task');
  const weight = scanner.skip('=') ? scanner.number() : undefined;
  const loss = scanner.skip(':') ? scanner.word('a loss').text : undefined;
  return { task: { task: name.text, weight, loss }, column: name.column };
}

function oneOf<Word extends string>(scanner: TextScanner, what: string, words: readonly Word[]): Word {
  const { text, column } = scanner.word(what);
  const found = words.find((word) => word === text);
  return found ?? scanner.fail(`${what} (${words.join(', ')})`, column, text);
}
