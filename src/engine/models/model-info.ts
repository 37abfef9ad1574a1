import type { DataType } from '../onnx/data-types.js';
import type { EngineName, ProviderName, TfjsBackend } from './providers.js';
import type { LabelForm } from './task-kinds.js';

/** An axis length; −1 where any length is taken, or where it depends on the input. */
export type Length = number;

/** What a gateway can say of a model before anybody asks it anything. No functions: it crosses process boundaries. */
export interface ModelInfo {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the files; of a remote model that of `model.yaml` and what the remote says of the model, not of its weights. */
  readonly sha256: string;
  readonly description: string;
  /** What `model.yaml` marks it with, e.g. for probes to find it. */
  readonly labels: Readonly<Record<string, string>>;
  /** Of a remote model: the local one whose gradients attacks take, its version where `model.yaml` names one. */
  readonly surrogate?: { readonly name: string; readonly version: string | undefined } | undefined;
  readonly engine: EngineName;
  /** What computes predictions and gradients: an execution provider of ONNX Runtime, or a backend of TF.js; `remote` for
   * whatever a remote model computes with. */
  readonly provider: ProviderName | TfjsBackend | 'remote';
  /** Why each of the providers or backends that `model.yaml` prefers to it does not, `<provider>: <reason>`. */
  readonly providerFallbacks: readonly string[];
  readonly input: InputInfo;
  /** Inputs that every example of a request must bring, without the batch axis. */
  readonly extraInputs: readonly { readonly name: string; readonly shape: readonly Length[] }[];
  readonly tasks: readonly TaskInfo[];
  readonly operators: readonly OperatorInfo[];
  /** Number of examples that the graph takes at once; `undefined` where any. */
  readonly fixedBatch: number | undefined;
  /** What the graph itself takes and gives. */
  readonly signature: { readonly inputs: readonly TensorSignature[]; readonly outputs: readonly TensorSignature[] };
}

/** An input or output of a graph. */
export interface TensorSignature {
  readonly name: string;
  readonly dataType: DataType;
  /** With the batch axis. */
  readonly shape: readonly Length[];
  /** Whether `model.yaml` has a constant for it. */
  readonly hasDefault: boolean;
}

export interface InputInfo {
  readonly name: string;
  readonly kind: 'image' | 'features';
  /** Without the batch axis. */
  readonly shape: readonly Length[];
  /** For images. */
  readonly layout: 'NCHW' | 'NHWC';
  readonly colorOrder: 'RGB' | 'BGR' | 'GREY';
  /** Range of values: [0, 255] for images. */
  readonly range: readonly [number, number];
}

export interface TaskInfo {
  readonly name: string;
  readonly kind: string;
  readonly labelForm: LabelForm;
  readonly output: string;
  /** Of the output, without the batch axis. */
  readonly shape: readonly Length[];
  /** Axis of the classes in `shape`. */
  readonly classAxis: number;
  /** Number of classes; 0 for tasks without. */
  readonly classCount: number;
  readonly classes: readonly string[];
  readonly palette: 'cityscapes' | readonly (readonly [number, number, number])[] | undefined;
  readonly unit: string;
  /** What the graph has already applied to the output, as `model.yaml` says. */
  readonly activation: 'none' | 'softmax' | 'sigmoid';
  readonly loss: string;
  /** Losses that this task may be attacked with. */
  readonly losses: readonly string[];
  readonly metric: string;
  readonly ignoreIndex: number | undefined;
  /** How samples of a label file become numbers: scale · sample + offset, one per channel or one for all. */
  readonly labelScale: readonly number[];
  readonly labelOffset: readonly number[];
  /** Sample of a label file that means "unknown". */
  readonly invalid: number | undefined;
  /** Whether the label is always the clean input. */
  readonly isReconstruction: boolean;
  readonly weight: number;
  readonly attackable: boolean;
  /** Why not. */
  readonly gradientObstacles: readonly string[];
}

export interface OperatorInfo {
  /** Name, with its domain unless that is ONNX's own. */
  readonly type: string;
  readonly count: number;
  readonly gradient: 'rule' | 'zero' | 'missing';
}
