// Writes docs/ONNX_OPS.md from the rules, from what is said above each, and from the other lists of operators.
// `--check` only compares. Needs a build.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { ruleNames } from '../dist/src/engine/autodiff/rules/index.js';
import { zeroGradientReasons } from '../dist/src/engine/autodiff/zero-gradient.js';
import { NEWEST_OPSET, OLDEST_OPSET } from '../dist/src/engine/onnx/import/import-model.js';
import { loweredOperators } from '../dist/src/engine/onnx/import/lower/index.js';
import { TARGET_OPSET } from '../dist/src/engine/onnx/import/upgrade/index.js';

const PAGE = 'docs/ONNX_OPS.md';
const RULES = 'src/engine/autodiff/rules';

/** What the comment above each rule says: the operator's meaning, and the formulas of its gradient. */
const comments = new Map(
  readdirSync(RULES).flatMap((file) => {
    const comment = /\/\*\*\n( \* Gradient of .*?)\n \*\//s.exec(readFileSync(`${RULES}/${file}`, 'utf8'))?.[1];
    const name = /Gradient of `(\w+)`/.exec(comment ?? '')?.[1];
    if (name === undefined) return [];
    const lines = comment.split('\n').map((line) => line.replace(/^ \* ?/, ''));
    const formulas = lines
      .filter((line) => line.startsWith('  '))
      .map((line) => line.trim().replaceAll(/ {2,}/g, ', '));
    return [[name, formulas]];
  }),
);

const escaped = (text) => text.replaceAll('|', '\\|');

const ruleRows = ruleNames.map((name) => {
  const formulas = comments.get(name);
  if (formulas === undefined) throw new Error(`expected a comment "Gradient of \`${name}\`" in ${RULES}, got none`);
  const link = `[${name}](https://onnx.ai/onnx/operators/onnx__${name}.html)`;
  return `| ${link} | ${formulas.map((formula) => escaped(formula)).join('<br>')} |`;
});

const zeroRows = Object.entries(zeroGradientReasons).map(([name, reason]) => `| ${name} | ${reason} |`);

const page = `# Operators

Written by \`npm run reference\` from the rules themselves. \`robustgate inspect model.onnx\` says the same of one file.

Files of opset ${OLDEST_OPSET} to ${NEWEST_OPSET} are read; older than ${TARGET_OPSET}, they are rewritten to ${TARGET_OPSET} before anything else. An operator that is on none of these
lists is served like any other, for predictions are made by the file as it is; a task that needs its gradient is refused, with the
operator and the node named, and \`GetModel\` says so beforehand.

## With a gradient (${ruleNames.length})

Y is the first output and X the first input; dY is the derivative of the loss by Y. At corners and ties, where no derivative exists,
the rule says which side counts.

| Operator | Gradient |
|---|---|
${ruleRows.join('\n')}

## Rewritten to the ones above when a file is read (${loweredOperators.length})

What ONNX Runtime's optimiser and quantiser write into files, and products of whole numbers. Quantised tensors let the gradient
through as if they were not rounded, but for what saturates.

${loweredOperators.map((name) => `\`${name}\``).join(', ')}

Local functions are inlined, \`Constant\` nodes become constants, and \`If\` and \`Loop\` whose condition or count the shapes decide are
unrolled.

## With derivative 0 (${zeroRows.length})

They cut the path from the input to a loss. Where the only path is cut, the task cannot be attacked: name a tensor before the cut as
its \`output\` in \`model.yaml\`. A \`Cast\` to whole numbers or truths counts among them.

| Operator | Why |
|---|---|
${zeroRows.join('\n')}
`;

if (!process.argv.includes('--check')) writeFileSync(PAGE, page);
else if (readFileSync(PAGE, 'utf8') !== page) {
  console.error(`${PAGE} is not what the rules say: run npm run reference`);
  process.exitCode = 1;
}
