import test from 'ava';
import {
  type AttackEvent,
  AttackField,
  arrayOf,
  assembleAttack,
  Condition,
  collectAttack,
  type PayloadId,
  RobustgateError,
  tensorFrom,
} from '../../src/clients/index.js';
import {
  AttackChunk,
  AttackProgress,
  AttackResult,
  AttackStarted,
  AttackSummary,
} from '../../src/contract/robustgate/v1/attack.js';

const png: PayloadId = { field: AttackField.ADVERSARIAL_PNG, task: '', condition: Condition.UNSPECIFIED };
const map: PayloadId = { field: AttackField.LABEL_MAPS, task: 'segmentation', condition: Condition.CLEAN };
const started: AttackEvent = { $case: 'started', value: AttackStarted.create({ runId: 'r1' }) };
const summary: AttackEvent = { $case: 'summary', value: AttackSummary.create({ runId: 'r1' }) };
const progress: AttackEvent = { $case: 'progress', value: AttackProgress.create({ step: 3 }) };

const chunk = (
  exampleKey: string,
  payload: PayloadId,
  offset: number,
  total: number,
  bytes: number[],
): AttackEvent => ({
  $case: 'chunk',
  value: AttackChunk.create({ exampleKey, payload, offset, total, data: Uint8Array.from(bytes) }),
});
const result = (exampleKey: string, ...payloads: { id: PayloadId; sizeBytes: number }[]): AttackEvent => ({
  $case: 'result',
  value: AttackResult.create({
    exampleKey,
    payloads: payloads.map((payload) => ({ datatype: 'UINT8', shape: [payload.sizeBytes], ...payload })),
  }),
});

async function* streamOf(...events: readonly AttackEvent[]): AsyncGenerator<AttackEvent> {
  yield* events;
}

test('the chunks of payloads, of several examples by turns, become their bytes', async (t) => {
  const steps: number[] = [];
  const attack = await collectAttack(
    streamOf(
      started,
      chunk('a', png, 0, 5, [1, 2]),
      chunk('b', png, 0, 1, [9]),
      progress,
      chunk('a', png, 2, 5, [3, 4, 5]),
      chunk('a', map, 0, 2, [7, 8]),
      result('a', { id: map, sizeBytes: 2 }, { id: png, sizeBytes: 5 }),
      result('b', { id: png, sizeBytes: 1 }),
      result('c', { id: png, sizeBytes: 0 }),
      summary,
    ),
    ({ step }) => steps.push(step),
  );
  const bytes = attack.results.map(({ result: { exampleKey }, payloads }) => [
    exampleKey,
    ...payloads.map(({ id, data }) => [id.field, ...data]),
  ]);
  t.deepEqual(bytes, [
    ['a', [AttackField.LABEL_MAPS, 7, 8], [AttackField.ADVERSARIAL_PNG, 1, 2, 3, 4, 5]],
    ['b', [AttackField.ADVERSARIAL_PNG, 9]],
    ['c', [AttackField.ADVERSARIAL_PNG]],
  ]);
  t.deepEqual(attack.results[0]?.payloads[0]?.shape, [2]);
  t.deepEqual([attack.started.runId, attack.summary.runId, steps], ['r1', 'r1', [3]]);
});

const refused = test.macro(async (t, message: RegExp, ...events: readonly AttackEvent[]) => {
  const error = await t.throwsAsync(collectAttack(streamOf(...events)), { instanceOf: RobustgateError });
  t.is(error?.code, 'DATA_LOSS');
  t.regex(error?.message ?? '', message);
});
const whole = { id: png, sizeBytes: 4 };
test('a chunk that is missing is noticed', refused, /go on at byte 0, got 2/, started, chunk('a', png, 2, 4, [3, 4]));
test(
  'chunks in the wrong order are noticed',
  refused,
  /go on at byte 2, got 3/,
  started,
  chunk('a', png, 0, 4, [1, 2]),
  chunk('a', png, 3, 4, [4]),
  chunk('a', png, 2, 4, [3]),
);
test(
  'a chunk that comes twice is noticed',
  refused,
  /go on at byte 2, got 0/,
  started,
  chunk('a', png, 0, 4, [1, 2]),
  chunk('a', png, 0, 4, [1, 2]),
);
test(
  'a payload that is cut off is noticed',
  refused,
  /4 bytes of .*got 2/,
  started,
  chunk('a', png, 0, 4, [1, 2]),
  result('a', whole),
  summary,
);
test(
  'a payload longer than announced is noticed',
  refused,
  /2 bytes of .*got 3/,
  started,
  chunk('a', png, 0, 2, [1, 2, 3]),
);
test(
  'a total that changes is noticed',
  refused,
  /of 4 bytes, got 5/,
  started,
  chunk('a', png, 0, 4, [1, 2]),
  chunk('a', png, 2, 5, [3, 4]),
);
test('a payload that never came is noticed', refused, /4 bytes of .*got 0/, started, result('a', whole), summary);
test(
  'a payload that its result does not list is noticed',
  refused,
  /lists/,
  started,
  chunk('a', png, 0, 1, [1]),
  result('a'),
  summary,
);
test(
  'a payload without a result is noticed',
  refused,
  /result after its payloads/,
  started,
  chunk('a', png, 0, 1, [1]),
  summary,
);
test('an end without a summary is noticed', refused, /summary at the end, got none/, started, result('a'));
test(
  'an event after the summary is noticed',
  refused,
  /nothing after the summary, got progress/,
  started,
  summary,
  progress,
);
test('a run that does not begin is noticed', refused, /begins with started/, summary);

test('a chunk of another condition belongs to another payload', async (t) => {
  const after = { ...map, condition: Condition.ADVERSARIAL };
  const { results } = await collectAttack(
    streamOf(
      started,
      chunk('a', map, 0, 1, [1]),
      chunk('a', after, 0, 1, [2]),
      result('a', { id: after, sizeBytes: 1 }, { id: map, sizeBytes: 1 }),
      summary,
    ),
  );
  t.deepEqual(
    results[0]?.payloads.map(({ data }) => [...data]),
    [[2], [1]],
  );
});

test('assembled events come as their parts do, one result at a time', async (t) => {
  const events = assembleAttack(streamOf(started, result('a'), progress, summary));
  const kinds: string[] = [];
  for await (const { $case } of events) kinds.push($case);
  t.deepEqual(kinds, ['started', 'result', 'progress', 'summary']);
});

for (const array of [
  Uint8Array.of(1, 255),
  Uint16Array.of(1, 65535),
  Int32Array.of(-1, 7),
  BigInt64Array.of(-1n, 7n),
  Float32Array.of(0.5, -3),
]) {
  test(`an ${array.constructor.name} goes into a tensor and back, whatever its alignment`, (t) => {
    const tensor = tensorFrom(array, [2, 1]);
    t.deepEqual(tensor.shape, [2n, 1n]);
    const shifted = new Uint8Array(tensor.data.length + 1);
    shifted.set(tensor.data, 1);
    t.deepEqual(arrayOf({ datatype: tensor.datatype, data: shifted.subarray(1) }), array);
  });
}

test('tensors that cannot be are refused', (t) => {
  t.throws(() => tensorFrom(new Float32Array(3), [2, 2]), { message: 'expected 4 elements for shape [2,2], got 3' });
  t.throws(() => arrayOf({ datatype: 'FP16', data: new Uint8Array(2) }), { message: /got FP16/ });
  t.throws(() => arrayOf({ datatype: 'FP32', data: new Uint8Array(6) }), {
    message: /whole elements of FP32, got 6 bytes/,
  });
});
