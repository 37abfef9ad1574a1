// Writes the files of corpus/: npm run build && node dist/test/fuzz/onnx/make-corpus.js
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpusFolder } from './corpus-folder.js';
import { HOSTILE, ODD } from './hostile.js';

rmSync(corpusFolder, { recursive: true, force: true });
mkdirSync(corpusFolder, { recursive: true });
for (const [prefix, files] of Object.entries({ refused: HOSTILE, imported: ODD })) {
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(corpusFolder, `${prefix}-${name}.onnx`), bytes);
}
