import { XMLBuilder } from 'fast-xml-parser';
import type { AttackFigures, EvaluationResult, GateVerdict, TaskFigures } from '../../engine/index.js';
import { numberText, valueText } from '../format.js';

/** A test case as the XML builder takes it: attributes begin with `@`. */
interface TestCase {
  readonly '@name': string;
  readonly '@classname': string;
  readonly '@time': string;
  readonly failure?: Problem;
  readonly error?: Problem;
  readonly 'system-out'?: string;
}

interface Problem {
  readonly '@type': string;
  readonly '@message': string;
}

/**
 * The evaluation as JUnit XML, for CI systems: a suite per attack with a case per task, and a suite of the gates and of the
 * comparison with the baseline. A figure in doubt is an error; a regression is a failure, and so is a gate that cannot be
 * decided, whose type is `inconclusive`.
 */
export function junitReport(result: EvaluationResult): string {
  const { model, dataset } = result.identity;
  const suites = [
    ...result.attacks.map((attack) => ({
      name: attack.spec,
      cases: attack.tasks.map((task) => taskCase(attack, task)),
    })),
    {
      name: 'gates',
      cases: result.gates.map(({ gate, verdict, message }) => gateCase('gates', gate, verdict, message)),
    },
    {
      name: 'baseline',
      cases: (result.baseline?.tasks ?? []).map(({ spec, task, verdict, message }) =>
        gateCase('baseline', `${task} under ${spec}`, verdict, message),
      ),
    },
  ].filter(({ cases }) => cases.length > 0);
  const cases = suites.flatMap((suite) => suite.cases);
  const document = {
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: {
      '@name': `${model.name} version ${model.version} on ${dataset.name}`,
      '@time': result.durationSeconds.toFixed(3),
      ...countsOf(cases),
      testsuite: suites.map((suite) => ({
        '@name': suite.name,
        '@timestamp': result.startedAt,
        ...countsOf(suite.cases),
        testcase: suite.cases,
      })),
    },
  };
  const builder = new XMLBuilder({
    attributeNamePrefix: '@',
    ignoreAttributes: false,
    format: true,
    suppressEmptyNode: true,
    suppressBooleanAttributes: false,
  });
  return withoutControls(builder.build(document));
}

const countsOf = (cases: readonly TestCase[]) => ({
  '@tests': `${cases.length}`,
  '@failures': `${cases.filter(({ failure }) => failure !== undefined).length}`,
  '@errors': `${cases.filter(({ error }) => error !== undefined).length}`,
});

function taskCase({ spec, verdict, doubts }: AttackFigures, task: TaskFigures): TestCase {
  const name = { '@name': `${task.task} ${task.metric}`, '@classname': spec, '@time': '0' };
  if (verdict === 'suspect') {
    const [first] = doubts;
    const message = doubts.map((doubt) => doubt.message).join('; ');
    return { ...name, error: { '@type': first?.reason ?? 'SUSPECT', '@message': message } };
  }
  const { lower, upper } = task.adversarial;
  const interval =
    lower === undefined || upper === undefined ? '' : ` (95 %: ${numberText(lower)} … ${numberText(upper)})`;
  const unit = task.unit === '' ? '' : ` ${task.unit}`;
  const text = `clean ${valueText(task.clean.value)}${unit}, under attack ${valueText(task.adversarial.value)}${unit}${interval}, ${task.examples} examples`;
  return { ...name, 'system-out': text };
}

function gateCase(classname: string, name: string, verdict: GateVerdict, message: string): TestCase {
  const attributes = { '@name': name, '@classname': classname, '@time': '0' };
  if (verdict === 'pass') return { ...attributes, 'system-out': message };
  return { ...attributes, failure: { '@type': verdict, '@message': message } };
}

/** XML 1.0 has no way to write the other control characters. */
const withoutControls = (xml: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  xml.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
