import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { createSession, type RuntimeTensor } from '../../../../src/engine/models/onnx/session.js';
import { specialise } from '../../../../src/engine/models/onnx/specialise.js';
import { decodeModel } from '../../../../src/engine/onnx/decode-model.js';
import { encodeModel, encodeStaticGraph } from '../../../../src/engine/onnx/encode-model.js';
import { importModel } from '../../../../src/engine/onnx/import/import-model.js';
import { simplify } from '../../../../src/engine/onnx/simplify.js';
import { fixture, missingFixtures } from '../../../support/fixtures.js';
import { expectSameOutputs, randomInput, runModel } from '../../../support/models.js';
import { testWith } from '../../../support/test-with.js';

/** Models that others trained, which are not part of the project. */
const missing = missingFixtures('models');
const files = missing === undefined ? readdirSync(fixture('models')).filter((name) => name.endsWith('.onnx')) : [];

testWith(missing, 'there are real models to import', (t) => {
  t.true(files.length > 0);
});

for (const name of files) {
  test(`${name} computes the same when it is imported, and when it is made a static graph and simplified`, async (t) => {
    const file = readFileSync(fixture(`models/${name}`));
    const original = { file, externalTensors: new Map() };
    const imported = importModel(
      decodeModel(file, () => {
        throw new Error('these models have no files beside them');
      }),
    );
    const options = { threads: 1, allowSpinning: false } as const;
    const session = await createSession(original, { ...options, optimization: 'disabled', prepacking: false });
    const shapes = session.inputs.map(({ name: input, shape }): [string, number[]] => [
      input,
      shape.map((length) => (typeof length === 'number' && length > 0 ? length : 1)),
    ]);
    const outputs = session.outputs.map((output) => output.name);
    await session.release();

    const inputShapes = new Map(shapes);
    const graph = simplify(await specialise(imported, { inputShapes, outputs, runtime: options }));
    for (const seed of ['first', 'second']) {
      const feeds = Object.fromEntries(
        shapes.map(([input, shape]): [string, RuntimeTensor] => [input, randomInput(shape, `${seed} ${input}`)]),
      );
      const expected = await runModel(original, feeds, 'all');
      expectSameOutputs(t, await runModel(encodeModel(imported), feeds, 'all'), expected, 1e-5);
      expectSameOutputs(t, await runModel(encodeStaticGraph(graph), feeds, 'all'), expected, 1e-5);
    }
  });
}
