import { resolve } from 'node:path';

/** Where the corpus is kept: beside the sources, from the compiled file. */
export const corpusFolder = resolve(import.meta.dirname, '../../../../test/fuzz/onnx/corpus');
