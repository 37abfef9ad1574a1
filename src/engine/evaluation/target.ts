import type { DatasetExample } from '../datasets/dataset.js';
import type { ModelInfo } from '../models/model-info.js';
import type { AttackSpecRequest } from '../runs/attack-spec.js';
import type {
  AttackProgress,
  PerturbationNorms,
  Provenance,
  TaskOutcome,
  TerminatedBy,
  Warning,
} from '../runs/events.js';
import type { ReplyTensor } from '../runs/job.js';

/** What an evaluation must know of a model; a gateway tells it, or a host. */
export type TargetModel = Pick<ModelInfo, 'name' | 'version' | 'sha256' | 'provider'> & {
  readonly tasks: readonly TargetTask[];
};

export type TargetTask = Pick<
  ModelInfo['tasks'][number],
  | 'name'
  | 'kind'
  | 'labelForm'
  | 'classAxis'
  | 'classCount'
  | 'classes'
  | 'palette'
  | 'unit'
  | 'loss'
  | 'losses'
  | 'metric'
  | 'ignoreIndex'
  | 'labelScale'
  | 'labelOffset'
  | 'invalid'
  | 'isReconstruction'
  | 'weight'
  | 'attackable'
> & {
  /** `undefined` where the target does not tell: then nothing is said of a softmax that is applied twice. */
  readonly activation?: ModelInfo['tasks'][number]['activation'] | undefined;
};

/** The attack on one example. */
export interface TargetResult {
  readonly key: string;
  readonly tasks: readonly TaskOutcome[];
  readonly perturbation: PerturbationNorms;
  readonly steps: number;
  readonly restart: number;
  readonly terminatedBy: TerminatedBy;
  readonly batchSize: number;
  readonly warnings: readonly Warning[];
  /** The adversarial image as a PNG file, where it was asked for and the input is an image of whole levels. */
  readonly adversarialPng: Uint8Array | undefined;
}

export type TargetEvent =
  | { readonly type: 'progress'; readonly progress: AttackProgress }
  | { readonly type: 'result'; readonly result: TargetResult }
  | { readonly type: 'summary'; readonly provenance: Provenance };

export interface TargetCall {
  readonly signal: AbortSignal;
  /** Whether results carry the adversarial image. */
  readonly pictures: boolean;
}

/**
 * Where attacks are run: the hosts of a gateway, or a gateway at the other end of a connection. It takes a few examples at a
 * time, and gives one result for each in their order, with full batches.
 */
export interface AttackTarget {
  readonly model: TargetModel;
  /** Most examples that one call may have. */
  readonly maxExamples: number;
  /**
   * @throws EngineError as an attack does; `MODEL_CHANGED`. Thrown when what answers is not `model.sha256` any more.
   */
  attack(
    request: AttackSpecRequest,
    examples: readonly DatasetExample[],
    call: TargetCall,
  ): AsyncGenerator<TargetEvent, void, void>;
  /** Raw outputs of the served model by task, without the batch axis, one map for each example. */
  predict(examples: readonly DatasetExample[], call: TargetCall): Promise<readonly ReadonlyMap<string, ReplyTensor>[]>;
}
