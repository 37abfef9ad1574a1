import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { EngineError } from '../../../src/engine/errors.js';
import { readExternalFrom } from '../../../src/engine/models/onnx/external-files.js';
import { decodeModel } from '../../../src/engine/onnx/decode-model.js';
import { encodeModel } from '../../../src/engine/onnx/encode-model.js';
import { importModel } from '../../../src/engine/onnx/import/import-model.js';
import { corpusFolder } from './corpus-folder.js';
import { HOSTILE, nestedFile, ODD } from './hostile.js';

const load = (file: Uint8Array) => importModel(decodeModel(file, readExternalFrom(new Map())));
const names = readdirSync(corpusFolder);

for (const name of names) {
  const file = readFileSync(join(corpusFolder, name));
  test(name, (t) => {
    const began = performance.now();
    if (name.startsWith('imported')) {
      t.notThrows(() => encodeModel(load(file)));
    } else {
      t.is(t.throws(() => load(file), { instanceOf: EngineError })?.code, 'INVALID_MODEL');
    }
    t.true(performance.now() - began < 30_000);
  });
}

test('the corpus is what its script makes', (t) => {
  const made = [
    ...Object.keys(HOSTILE).map((name) => `refused-${name}.onnx`),
    ...Object.keys(ODD).map((name) => `imported-${name}.onnx`),
  ];
  t.deepEqual(names.toSorted(), made.toSorted());
  for (const [name, bytes] of Object.entries(HOSTILE)) {
    t.deepEqual(readFileSync(join(corpusFolder, `refused-${name}.onnx`)), Buffer.from(bytes), name);
  }
});

test('graphs nested 10 000 deep are refused, and overflow no stack', (t) => {
  const error = t.throws(() => load(nestedFile(10_000)), { instanceOf: EngineError });
  t.regex(error?.message ?? '', /recursion limit/);
});
