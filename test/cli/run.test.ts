import test from 'ava';
import { COMMANDS } from '../../src/cli/run.js';
import { parseCommand } from '../support/parse-command.js';
import { runCli } from '../support/run-cli.js';

/** The words of a command line, as a shell splits them. */
const shellWords = (text: string): string[] =>
  [...text.replaceAll('\\\n', ' ').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

test('--help lists every command and the exit codes', async (t) => {
  const { code, stdout, stderr } = await runCli(['--help']);
  t.is(code, 0);
  t.is(stderr, '');
  for (const name of Object.keys(COMMANDS)) t.regex(stdout, new RegExp(`^ {2}${name} `, 'm'));
  t.regex(stdout, /Exit codes: 0 .* 1 .* 2 .* 3 /);
});

for (const name of Object.keys(COMMANDS)) {
  test(`${name} --help has an example that its own parser accepts`, async (t) => {
    const { code, stdout } = await runCli([name, '--help']);
    t.is(code, 0);
    const example = stdout.split('Example:\n')[1] ?? '';
    const [program, command, ...words] = shellWords(example.trim());
    t.deepEqual([program, command], ['robustgate', name]);
    await t.notThrowsAsync(parseCommand([name, ...words]));
  });

  test(`help ${name} is ${name} --help`, async (t) => {
    t.deepEqual(await runCli(['help', name]), await runCli([name, '--help']));
  });
}

test('--version prints the version', async (t) => {
  const { code, stdout } = await runCli(['--version']);
  t.is(code, 0);
  t.regex(stdout, /^\d+\.\d+\.\d+\n$/);
});

const wrong = test.macro(async (t, argv: string[], message: RegExp) => {
  const { code, stdout, stderr } = await runCli(argv);
  t.is(code, 2);
  t.is(stdout, '');
  t.regex(stderr, message);
});
test('an unknown command is wrong usage', wrong, ['atack'], /unknown command 'atack'.*attack/s);
test('no command is wrong usage, and shows the help', wrong, [], /Usage: robustgate/);
test('an unknown option is wrong usage', wrong, ['attack', '--model', 'x', '--epsilom', '4'], /--epsilom.*--epsilon/s);
test('a missing model is wrong usage', wrong, ['predict', '--image', 'x.png'], /--model <name>/);
test('an argument too many is wrong usage', wrong, ['models', 'a', 'b'], /too many arguments/);
test('steps of 1.5 are wrong usage', wrong, ['attack', '--model', 'x', '--steps', '1.5'], /whole number, got 1\.5/);
test('epsilon of nothing is wrong usage', wrong, ['attack', '--model', 'x', '--epsilon', ''], /expected a number/);
test('an unknown norm is wrong usage', wrong, ['attack', '--model', 'x', '--norm', 'l1'], /linf or l2, got l1/);
test('a label without a task is wrong usage', wrong, ['attack', '--model', 'x', '--label', '3'], /NAME=VALUE, got 3/);
test('a timeout of 0 is wrong usage', wrong, ['models', '--timeout', '0s'], /greater than 0 .* got 0s/);
test(
  'a threshold without a relation is wrong usage',
  wrong,
  ['attack', '--model', 'x', '--require', 'a=1'],
  /TASK>=NUMBER/,
);
test('more scenes than there are is wrong usage', wrong, ['demo', '--examples', '17'], /1 … 16, got 17/);
test('--local without models is wrong usage', wrong, ['models', '--local'], /expected --models DIR/);
test(
  'a file that is not there is wrong usage',
  wrong,
  ['predict', '--model', 'x', '--image', 'nowhere.png'],
  /nowhere\.png/,
);
test('no example is wrong usage', wrong, ['predict', '--model', 'x'], /--image or --tensor/);
test(
  'a loss of a task that is not attacked is wrong usage',
  wrong,
  ['attack', '--model', 'x', '--loss', 'a=l1'],
  /--task a/,
);
test(
  'draws without a sweep are wrong usage',
  wrong,
  ['gradient-norm', '--model', 'x', '--draws', '3'],
  /--sweep beside/,
);
