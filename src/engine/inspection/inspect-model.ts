import { EngineError } from '../errors.js';
import type { OperatorInfo } from '../models/model-info.js';
import { readExternalFrom } from '../models/onnx/external-files.js';
import { obstaclesOf, operatorsOf, tensorsBeforeCuts } from '../models/onnx/obstacles.js';
import { openOriginal } from '../models/onnx/original.js';
import { decidedOnce, importOrRefuse } from '../models/onnx/read-graph.js';
import { isLength, sampleInput } from '../models/onnx/sample-input.js';
import type { Session, SessionValue } from '../models/onnx/session.js';
import type { ModelFile } from '../models/read-model-source.js';
import type { RuntimeOptions } from '../models/runtime-options.js';
import { decodeModel } from '../onnx/decode-model.js';
import type { ModelDef } from '../onnx/graph.js';
import { pixelDependence } from '../onnx/pixel-dependence.js';
import type { Shape } from '../tensor/shape.js';
import { type StepCost, stepCost } from './step-cost.js';
import { type SuggestedInput, suggestConfig } from './suggest-config.js';

/** An output of the graph, by what attacks can do with it. */
export interface InspectedOutput extends SessionValue {
  /** Its shape at the sampled input, batch axis included; `undefined` where the model does not run on it. */
  readonly sampledShape: Shape | undefined;
  /** Why it has no gradient; empty where it has one. */
  readonly obstacles: readonly string[];
  /** The tensors that a task reads best: the output itself, or those before what cuts its gradient. */
  readonly readable: readonly string[];
}

export interface Inspection {
  readonly sha256: string;
  /** Of the standard operators. */
  readonly opset: number;
  readonly producer: string;
  readonly inputs: readonly SessionValue[];
  /** Name of the input that is attacked. */
  readonly attacked: string;
  readonly outputs: readonly InspectedOutput[];
  readonly operators: readonly OperatorInfo[];
  /** Text of a `model.yaml` that serves the file. */
  readonly suggestedConfig: string;
  /** `undefined` where there is no step to time. */
  readonly step: StepCost | undefined;
  /** Why there is none. */
  readonly stepProblem: string | undefined;
}

export interface InspectOptions {
  /** Height and width that are tried where the file leaves them open. */
  readonly size: readonly [height: number, width: number];
  readonly runtime: RuntimeOptions;
  readonly memoryBudgetBytes: number;
}

/**
 * What a file says of itself, what of it can be attacked, and what an attack costs.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when ONNX Runtime does not read the file, or it has no input.
 */
export async function inspectModel(model: ModelFile, options: InspectOptions): Promise<Inspection> {
  const { runtime } = options;
  const decoded = decodeModel(model.file, readExternalFrom(model.externalFiles));
  const { imported, refusal } = importOrRefuse(decoded);
  const judged = refusal === undefined ? await decidedOnce(imported, { otherInputs: [] }, runtime) : imported;
  const names = decoded.graph.outputs.map(({ name }) => name);
  const source = { name: 'model', version: '1', configText: '', ...model };
  const declared = await inSession(openOriginal(source, [], names, runtime), async ({ inputs, outputs }) => ({
    inputs,
    outputs,
  })).catch((error) => {
    throw refusal ?? error; // ours says more
  });
  const attacked = attackedInput(declared.inputs);
  const outputs = declared.outputs.map((output) => ({
    ...output,
    ...judgement(judged, attacked.name, output.name, refusal),
  }));
  const readable = [...new Set(outputs.flatMap((output) => output.readable))];
  const { inputShape, shapes } = await sampleRun(model, attacked, readable, names, options);
  const makers = new Map(
    judged.graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node.opType] as const)),
  );
  const suggestedConfig = suggestConfig({
    attacked: plainInput(attacked),
    others: declared.inputs.filter(({ name }) => name !== attacked.name).map(plainInput),
    outputs: readable.map((name) => ({ name, shape: shapes.get(name), opType: makers.get(name) })),
  });
  const outcome = await stepCost(model, suggestedConfig, inputShape, options).catch((error: Error) => error);
  return {
    sha256: model.sha256,
    opset: decoded.opsets.get('') ?? 0,
    producer: decoded.producer,
    inputs: declared.inputs,
    attacked: attacked.name,
    outputs: outputs.map((output) => ({ ...output, sampledShape: shapes.get(output.name) })),
    operators: operatorsOf(judged.graph.nodes),
    suggestedConfig,
    step: outcome instanceof Error ? undefined : outcome,
    stepProblem: outcome instanceof Error ? outcome.message : undefined,
  };
}

/** The input that is most likely to be attacked: the first with four axes, else the first. */
function attackedInput(inputs: readonly SessionValue[]): SessionValue {
  const attacked = inputs.find(({ shape }) => shape.length === 4) ?? inputs[0];
  if (attacked === undefined) throw new EngineError('INVALID_MODEL', 'expected a graph with an input, got none');
  return attacked;
}

function judgement(
  { graph: { nodes } }: ModelDef,
  input: string,
  output: string,
  refusal: EngineError | undefined,
): Pick<InspectedOutput, 'obstacles' | 'readable'> {
  if (refusal !== undefined) return { obstacles: [refusal.message], readable: [output] };
  const dependence = pixelDependence({ inputs: [{ name: input, dataType: undefined, shape: undefined }], nodes });
  const before = tensorsBeforeCuts(nodes, dependence, input, output);
  return {
    obstacles: obstaclesOf(nodes, dependence, input, output),
    readable: before.length > 0 ? before : [output],
  };
}

/** Shapes of tensors at a sample of the input; none where the model does not run on it. */
async function sampleRun(
  model: ModelFile,
  attacked: SessionValue,
  tensors: readonly string[],
  outputs: readonly string[],
  { size, runtime }: InspectOptions,
): Promise<{ inputShape: Shape; shapes: ReadonlyMap<string, Shape> }> {
  const isLast = attacked.shape.length === 4 && isColor(attacked.shape[3]) && !isColor(attacked.shape[1]);
  const lengthOf = (axis: number): number => size[axis - (isLast ? 1 : 2)] ?? 1;
  const source = { name: 'model', version: '1', configText: '', ...model };
  return await inSession(openOriginal(source, tensors, outputs, runtime), async (session) => {
    const feeds = session.inputs.map((input) => {
      const isAttacked = input.name === attacked.name;
      return [input.name, isAttacked ? sampleInput(input, [0.5], lengthOf) : sampleInput(input, [1], () => 1)] as const;
    });
    const wanted = session.outputs.map(({ name }) => name);
    const results = await session.run(new Map(feeds), wanted).catch(() => undefined);
    return {
      inputShape: feeds.find(([name]) => name === attacked.name)?.[1].shape ?? [],
      shapes: new Map([...(results ?? [])].map(([name, { shape }]) => [name, shape])),
    };
  });
}

const isColor = (channels: number | string | undefined): boolean => channels === 1 || channels === 3;

const plainInput = ({ name, shape }: SessionValue): SuggestedInput => ({
  name,
  shape: shape.map((axis) => (isLength(axis) ? axis : -1)),
});

async function inSession<T>(opening: Promise<Session>, use: (session: Session) => Promise<T>): Promise<T> {
  const session = await opening;
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}
