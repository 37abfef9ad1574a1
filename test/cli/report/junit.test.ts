import test from 'ava';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { junitReport } from '../../../src/cli/report/junit.js';
import { attackFigures, evaluationResult, SUSPECT } from '../../support/evaluation-result.js';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  isArray: (name) => name === 'testsuite',
});

const SPEC = 'pgd(steps=50,eps=4)@sum(segmentation=1)';

test('there is a suite for each attack with a case for each task, and one of the gates', (t) => {
  const result = evaluationResult({
    attacks: [attackFigures(SPEC, 4), attackFigures('fgsm(eps=8)@sum(depth=1)', 8, SUSPECT)],
    gates: [
      { gate: 'segmentation.miou >= 0.3', verdict: 'pass', message: 'holds' },
      { gate: 'depth.absolute-error <= 0.1', verdict: 'regression', message: 'got 0.8' },
      { gate: 'depth.absolute-error <= 0.9', verdict: 'inconclusive', message: 'may be chance' },
    ],
  });
  const { testsuites } = parser.parse(junitReport(result));
  t.deepEqual([testsuites.tests, testsuites.failures, testsuites.errors], ['7', '2', '2']);
  const [first, second, gates] = testsuites.testsuite;
  t.is(first.name, SPEC);
  t.deepEqual(first.testcase[0], {
    name: 'segmentation miou',
    classname: SPEC,
    time: '0',
    'system-out': 'clean 0.8631, under attack 0.6200 (95 %: 0.5800 … 0.6500), 16 examples',
  });
  t.deepEqual(second.testcase[1].error, { type: 'ZERO_GRADIENT', message: 'The gradient is 0 on 14 of 16 examples.' });
  t.is(second.testcase[1]['system-out'], undefined);
  t.deepEqual(
    gates.testcase.map(({ failure }: { failure?: unknown }) => failure),
    [undefined, { type: 'regression', message: 'got 0.8' }, { type: 'inconclusive', message: 'may be chance' }],
  );
});

test('comparisons with a baseline are cases too', (t) => {
  const { model } = evaluationResult().identity;
  const task = { spec: SPEC, task: 'depth', metric: 'absolute-error', before: 1, after: 2, test: 'paired-bootstrap' };
  const rest = { pairs: 16, pValue: 0.001, verdict: 'regression', message: 'worse' } as const;
  const result = evaluationResult({ baseline: { model, verdict: 'regression', tasks: [{ ...task, ...rest }] } });
  const { testsuites } = parser.parse(junitReport(result));
  t.is(testsuites.testsuite.at(-1).testcase.failure.type, 'regression');
});

test('names that are markup or no XML at all give a document all the same', (t) => {
  const base = evaluationResult();
  const name = '<a b="&">\u0001]]>';
  const result = evaluationResult({ identity: { ...base.identity, model: { ...base.identity.model, name } } });
  const xml = junitReport(result);
  t.true(XMLValidator.validate(xml));
  t.is(parser.parse(xml).testsuites.name, '<a b="&">\ufffd]]> version 1 on scenes');
});
