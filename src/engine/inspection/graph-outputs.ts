import { readExternalFrom } from '../models/onnx/external-files.js';
import type { ModelFile } from '../models/read-model-source.js';
import { decodeModel } from '../onnx/decode-model.js';

/**
 * Names of the outputs of a file's graph.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the file is no ONNX model.
 */
export const graphOutputs = ({ file, externalFiles }: ModelFile): readonly string[] =>
  decodeModel(file, readExternalFrom(externalFiles)).graph.outputs.map(({ name }) => name);
