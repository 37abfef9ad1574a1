import { Model } from '../../src/engine/onnx/schema/onnx.js';

/** The same network with the sign of every eighth weight of its large tensors turned: it still runs, and sees little. */
export function worseModel(file: Uint8Array): Uint8Array {
  const model = Model.decode(Uint8Array.from(file));
  for (const { rawData, dims } of model.graph?.initializer ?? []) {
    if (dims.length !== 4) continue;
    const weights = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
    for (let at = 0; at < rawData.byteLength; at += 32) weights.setFloat32(at, -weights.getFloat32(at, true), true);
  }
  return Model.encode(model).finish();
}

/** The same network with every weight of its large tensors a little other, by up to a share: it sees about as well, by other gradients. */
export function similarModel(file: Uint8Array, share: number): Uint8Array {
  const model = Model.decode(Uint8Array.from(file));
  for (const { rawData, dims } of model.graph?.initializer ?? []) {
    if (dims.length !== 4) continue;
    const weights = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
    for (let at = 0; at < rawData.byteLength; at += 4) {
      weights.setFloat32(at, weights.getFloat32(at, true) * (1 + share * Math.sin(at)), true);
    }
  }
  return Model.encode(model).finish();
}
