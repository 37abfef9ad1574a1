import { EngineError } from '../../errors.js';
import type { ReadExternal } from '../../onnx/decode-model.js';

/** Reads tensors from the files that came with a model, and from no others. */
export function readExternalFrom(files: ReadonlyMap<string, Uint8Array>): ReadExternal {
  return ({ location, offset, length }) => {
    const file = files.get(location);
    if (file === undefined)
      throw new EngineError('INVALID_MODEL', `expected a file ${location} beside the model, got none`);
    const end = offset + (length ?? file.length - offset);
    if (offset > file.length || end > file.length) {
      throw new EngineError('INVALID_MODEL', `expected ${end} bytes in ${location}, got ${file.length}`);
    }
    return file.subarray(offset, end);
  };
}
