import type { ModelDef } from '../../engine/index.js';

/** A network made from source, before training: a model repository's two files, and what must not be trained. */
export interface LabNetwork {
  readonly model: ModelDef;
  /** Text of its `model.yaml`. */
  readonly configText: string;
  /** Names of weights that stay as they are, with `*` for any text: fixed upsampling. */
  readonly frozen: readonly string[];
}

/** How a network is asked for in a configuration of the lab. */
export interface NetworkSpec {
  /** Name of a member of the list of networks. */
  readonly architecture: string;
  /** Tasks in the order of `model.yaml`. */
  readonly tasks: readonly string[];
  /** Whether tasks read the same last layers, as the authors' code has it, or layers of their own, as the paper says. */
  readonly decoders: 'shared' | 'separate';
  /** Seed of the weights, 0 … 2³² − 1: the weights of one layer do not depend on the others. */
  readonly seed: number;
}
