import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { findRule, ruleNames } from '../../../../src/engine/autodiff/rules/index.js';
import { zeroGradientReasons } from '../../../../src/engine/autodiff/zero-gradient.js';
import { EngineError } from '../../../../src/engine/errors.js';
import { root } from '../../../support/street.js';

const tests = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.test.js') && name !== 'index.test.js')
  .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
  .join('\n');

for (const name of ruleNames) {
  test(`the rule of ${name} has a test`, (t) => {
    t.true(new RegExp(`['"]${name}['"]`).test(tests));
  });
}

test('no operator has both a rule and a derivative of 0', (t) => {
  t.deepEqual(
    ruleNames.filter((name) => Object.hasOwn(zeroGradientReasons, name)),
    [],
  );
});

test('an operator without a rule is refused by its name and its node', (t) => {
  for (const [node, name] of [
    [{ opType: 'Optional', domain: '', name: 'n' }, 'Optional'],
    [{ opType: 'Relu', domain: 'com.example', name: 'n' }, 'com.example.Relu'],
    [{ opType: 'toString', domain: '', name: 'n' }, 'toString'],
  ] as const) {
    const error = t.throws(() => findRule(node), { instanceOf: EngineError });
    t.is(error.code, 'UNSUPPORTED_OP');
    t.is(error.message, `expected an operator with a gradient rule, got ${name} (node n)`);
  }
});

test('docs/ONNX_OPS.md is what the rules say', async (t) => {
  await t.notThrowsAsync(
    promisify(execFile)(process.execPath, [join(root, 'scripts/operators.mjs'), '--check'], { cwd: root }),
  );
});
