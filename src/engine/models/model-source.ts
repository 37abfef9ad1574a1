/** The files of one version of a model, read once: what is served and attacked are these bytes. */
export interface ModelSource {
  readonly name: string;
  readonly version: string;
  /** Text of `model.yaml`. */
  readonly configText: string;
  /** Bytes of `model.onnx`, or of `model.json`; none of a remote model. */
  readonly file: Uint8Array;
  /** Files beside it that it keeps tensors in, the weight shards of a `model.json`, by their path relative to it. */
  readonly externalFiles: ReadonlyMap<string, Uint8Array>;
  /** SHA-256 of `file` and behind it the external files in the order of their paths, in hexadecimal; of a remote model that of `model.yaml`. */
  readonly sha256: string;
}

/** Bytes of all its files but `model.yaml`; 0 of a remote model. */
export const sourceBytes = ({ file, externalFiles }: Pick<ModelSource, 'file' | 'externalFiles'>): number =>
  [...externalFiles.values()].reduce((sum, { length }) => sum + length, file.length);
