import type { Shape } from '../tensor/shape.js';

/** The input of an example as a dataset has it. */
export type DatasetInput =
  /** A PNG or JPEG file. */
  | { readonly form: 'file'; readonly data: Uint8Array }
  /** Levels 0–255 of an image in the layout of the model, or features in the model's own units; without the batch axis. */
  | { readonly form: 'tensor'; readonly data: Float32Array | Uint8Array; readonly shape: Shape };

/** What is true for one task of an example, in the unit of the task's metric. */
export interface DatasetLabel {
  /** A class (shape []), a map of classes, a number per class, or a map of numbers; channels first. */
  readonly data: Float32Array;
  readonly shape: Shape;
  /** 1 where the label counts, else 0. Default: it counts everywhere. */
  readonly valid?: Uint8Array;
}

/** One labelled input. */
export interface DatasetExample {
  readonly key: string;
  readonly input: DatasetInput;
  /** By name of the task. */
  readonly labels: ReadonlyMap<string, DatasetLabel>;
}

/** What a dataset must know of a task to read its labels: a part of `TaskInfo`. */
export interface LabelledTask {
  readonly name: string;
  readonly kind: string;
  readonly labelForm: 'class' | 'class-map' | 'multi-label' | 'numbers';
  readonly labelScale: readonly number[];
  readonly labelOffset: readonly number[];
  readonly invalid: number | undefined;
  readonly isReconstruction: boolean;
  readonly classes: readonly string[];
}

/** Labelled inputs on disk. Keys and their order depend on names only, never on the order of a folder's entries. */
export interface Dataset {
  readonly name: string;
  /** `cityscapes`, `taskonomy`, `classification` or `manifest`. */
  readonly kind: string;
  /** Keys of all examples, in order: what is evaluated first, and what shards divide. */
  readonly keys: readonly string[];
  /**
   * SHA-256 in hexadecimal of the kind, the options that decide what labels mean, and every key: two runs with the same
   * digest speak of the same examples. Bytes of files are not in it, for reading all of them first would take as long as the
   * evaluation.
   */
  readonly digest: string;
  /**
   * Reads one example.
   *
   * @throws EngineError `INVALID_DATASET`. Thrown when a file of it is missing, unreadable, or does not fit the others; the
   *   message names the file.
   */
  read(key: string): Promise<DatasetExample>;
}
