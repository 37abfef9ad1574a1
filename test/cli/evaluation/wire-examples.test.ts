import test from 'ava';
import { requestParts, wireExample } from '../../../src/cli/evaluation/wire-examples.js';
import type { DatasetExample, TargetModel, TargetTask } from '../../../src/engine/index.js';

const task = (name: string, labelForm: TargetTask['labelForm'], isReconstruction = false) =>
  ({ name, labelForm, isReconstruction }) as TargetTask;
const model = {
  tasks: [task('parts', 'class-map'), task('depth', 'numbers'), task('kind', 'class'), task('again', 'numbers', true)],
} as unknown as TargetModel;

const example = (labels: DatasetExample['labels']): DatasetExample => ({
  key: 'a',
  input: { form: 'file', data: Uint8Array.of(1, 2) },
  labels,
});

test('labels keep their numbers and where they count; classes travel as bytes', (t) => {
  const labels = new Map([
    ['parts', { data: Float32Array.of(0, 255), shape: [1, 2] }],
    ['depth', { data: Float32Array.of(0.5, -1), shape: [1, 2], valid: Uint8Array.of(1, 0) }],
    ['kind', { data: Float32Array.of(7), shape: [] }],
    ['again', { data: Float32Array.of(1), shape: [1] }],
    ['unknown', { data: Float32Array.of(1), shape: [1] }],
  ]);
  const wire = wireExample(example(labels), model);
  t.is(wire.key, 'a');
  t.deepEqual(wire.input, { $case: 'encodedImage', value: Uint8Array.of(1, 2) });
  t.deepEqual(Object.keys(wire.labels), ['parts', 'depth', 'kind']);
  const { parts, depth, kind } = wire.labels;
  const shape = [1n, 2n];
  t.deepEqual(parts?.value, { $case: 'tensor', value: { datatype: 'UINT8', shape, data: Uint8Array.of(0, 255) } });
  t.like(depth?.value, { $case: 'tensor', value: { datatype: 'FP32', shape } });
  t.deepEqual(depth?.valid, { datatype: 'UINT8', shape, data: Uint8Array.of(1, 0) });
  t.deepEqual(kind?.value, { $case: 'classId', value: 7n });
});

test('classes beyond a byte travel as whole numbers', (t) => {
  const labels = new Map([['parts', { data: Float32Array.of(0, 300), shape: [1, 2] }]]);
  t.like(wireExample(example(labels), model).labels['parts']?.value, { value: { datatype: 'INT32' } });
});

test('a request takes as many examples as a gateway takes bytes', (t) => {
  const big = { key: 'b', input: { $case: 'encodedImage' as const, value: new Uint8Array(20 * 2 ** 20) } };
  const small = { key: 's', input: { $case: 'encodedImage' as const, value: new Uint8Array(1) } };
  const parts = requestParts([big, big, big, small].map((one) => ({ ...one, labels: {}, extraInputs: {} })));
  t.deepEqual(
    parts.map((part) => part.map(({ key }) => key)),
    [
      ['b', 'b'],
      ['b', 's'],
    ],
  );
});
