import type {
  InferParameter,
  ModelInferRequest_InferInputTensor as InputTensor,
  ModelInferRequest,
  ModelInferResponse,
} from '../../contract/inference/open_inference.js';
import {
  type ModelInfo,
  type RawTensor,
  type RawTensors,
  type TensorSignature,
  Violations,
} from '../../engine/index.js';
import { datatypeNamed, datatypeOf, readRaw, readTyped, writeRaw, writeTyped } from '../../host/index.js';
import type { CallContext } from '../grpc/call-context.js';
import { type GatewayContext, refOf } from '../services/gateway-context.js';
import { inServeLane } from '../services/in-serve-lane.js';
import { requireServing } from '../services/requirements.js';
import type { InferenceCounts } from './statistics.js';

const MAX_RANK = 8;
const MAX_LENGTH = 2 ** 31 - 1;

/** Triton's own parameters that ask for what we have not: what they would change must not be ignored. */
const REFUSED = ['shared_memory_region', 'classification'] as const;
/** A parameter of Triton's clients that changes nothing where a request has one response. */
const HARMLESS = 'triton_enable_empty_final_response';

/**
 * `ModelInfer`: the graph on the tensors that it takes itself, in the serve lane. What was asked in typed contents is answered in
 * them, raw in raw.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when tensors do not fit the model, with a violation for each.
 */
export async function modelInfer(
  request: ModelInferRequest,
  context: CallContext,
  gateway: GatewayContext,
  counts: InferenceCounts,
): Promise<ModelInferResponse> {
  requireServing(gateway);
  const model = gateway.repository.acquire(request.modelName, request.modelVersion);
  try {
    const { info } = model;
    const place = gateway.predictions.enter();
    const clock = counts.begin(info);
    try {
      const inputs = readInputs(request, info, gateway.config.limits.examples);
      const outputs = wantedOutputs(request, info);
      clock.mark('computeInput');
      const results = await inServeLane('infer', info, context, gateway, (options) =>
        gateway.hosts.serve.infer(refOf(info), { inputs, outputs }, options),
      );
      clock.mark('computeInfer');
      const response = inferResponse(request, info, outputs, results);
      clock.mark('computeOutput');
      clock.succeed(batchOf(inputs));
      return response;
    } finally {
      clock.end();
      place.leave();
    }
  } finally {
    model.release();
  }
}

const batchOf = (inputs: RawTensors): number => [...inputs.values()][0]?.shape[0] ?? 1;

function readInputs(request: ModelInferRequest, info: ModelInfo, maxBatch: number): RawTensors {
  const violations = new Violations();
  const { inputs, rawInputContents, parameters } = request;
  checkParameters(parameters, 'parameters', violations);
  const isRaw = rawInputContents.length > 0;
  if (isRaw && rawInputContents.length !== inputs.length) {
    const text = `expected an entry for each of ${inputs.length} inputs, got ${rawInputContents.length}`;
    violations.add('raw_input_contents', text);
  }
  violations.throwIfAny('INVALID_REQUEST');
  const read = new Map<string, RawTensor>();
  for (const [i, input] of inputs.entries()) {
    const field = `inputs[${i}]`;
    checkParameters(input.parameters, `${field}.parameters`, violations);
    const signature = info.signature.inputs.find(({ name }) => name === input.name);
    if (signature === undefined) {
      const names = info.signature.inputs.map(({ name }) => name).join(', ');
      violations.add(`${field}.name`, `expected one of ${names}, got ${input.name || 'none'}`);
      continue;
    }
    violations.expect(!read.has(input.name), `${field}.name`, `expected each input once, got ${input.name} again`);
    const tensor = readInput(input, isRaw ? rawInputContents[i] : undefined, signature, maxBatch, field, violations);
    if (tensor !== undefined) read.set(input.name, tensor);
  }
  const given = new Set(inputs.map(({ name }) => name));
  for (const { name, hasDefault } of info.signature.inputs) {
    violations.expect(hasDefault || given.has(name), 'inputs', `expected a tensor for ${name}, got none`);
  }
  violations.throwIfAny('INVALID_REQUEST');
  return read;
}

function readInput(
  input: InputTensor,
  raw: Uint8Array | undefined,
  signature: TensorSignature,
  maxBatch: number,
  field: string,
  violations: Violations,
): RawTensor | undefined {
  const wanted = datatypeOf(signature.dataType);
  const type = datatypeNamed(input.datatype);
  if (type !== wanted) {
    violations.add(`${field}.datatype`, `expected ${wanted.name} for ${input.name}, got ${input.datatype || 'none'}`);
    return undefined;
  }
  const problem = shapeProblem(input.shape, signature, maxBatch);
  if (problem !== undefined) {
    violations.add(`${field}.shape`, `${problem} for ${input.name}`);
    return undefined;
  }
  if (raw !== undefined && input.contents !== undefined) {
    violations.add(`${field}.contents`, `expected none beside raw_input_contents, got some for ${input.name}`);
    return undefined;
  }
  if (raw === undefined && input.contents === undefined) {
    violations.add(`${field}.contents`, `expected contents or raw_input_contents for ${input.name}, got neither`);
    return undefined;
  }
  const shape = input.shape.map(Number);
  const count = shape.reduce((product, n) => product * n, 1);
  const read =
    raw === undefined
      ? readTyped(input.contents as NonNullable<InputTensor['contents']>, type, count)
      : readRaw(raw, type, count);
  if ('problem' in read) {
    violations.add(raw === undefined ? `${field}.contents` : field, `${read.problem} for ${input.name}`);
    return undefined;
  }
  return { dataType: signature.dataType, shape, data: read.data };
}

function shapeProblem(
  shape: readonly bigint[],
  { shape: wanted }: TensorSignature,
  maxBatch: number,
): string | undefined {
  const fits = shape.length === wanted.length && wanted.every((n, axis) => n === -1 || BigInt(n) === shape[axis]);
  if (!fits) return `expected shape [${wanted.join(', ')}], got [${shape.join(', ')}]`;
  if (shape.length > MAX_RANK || shape.some((n) => n < 1n || n > BigInt(MAX_LENGTH))) {
    return `expected at most ${MAX_RANK} axes of length 1 … ${MAX_LENGTH}, got [${shape.join(', ')}]`;
  }
  const batch = Number(shape[0] ?? 1);
  return wanted[0] === -1 && batch > maxBatch ? `expected at most ${maxBatch} examples, got ${batch}` : undefined;
}

function checkParameters(
  parameters: Readonly<Record<string, InferParameter>>,
  field: string,
  violations: Violations,
): void {
  for (const name of Object.keys(parameters)) {
    const isRefused = REFUSED.some((refused) => name.startsWith(refused));
    const isReserved = name.startsWith('triton_') && name !== HARMLESS;
    if (isRefused || isReserved)
      violations.add(`${field}.${name}`, 'expected a parameter that is supported here, got this one');
  }
}

function wantedOutputs({ outputs }: ModelInferRequest, { signature }: ModelInfo): readonly string[] {
  const violations = new Violations();
  const names = signature.outputs.map(({ name }) => name);
  for (const [i, { name, parameters }] of outputs.entries()) {
    checkParameters(parameters, `outputs[${i}].parameters`, violations);
    violations.expect(
      names.includes(name),
      `outputs[${i}].name`,
      `expected one of ${names.join(', ')}, got ${name || 'none'}`,
    );
  }
  violations.throwIfAny('INVALID_REQUEST');
  return outputs.length === 0 ? names : [...new Set(outputs.map(({ name }) => name))];
}

function inferResponse(
  request: ModelInferRequest,
  { name, version }: ModelInfo,
  outputs: readonly string[],
  results: RawTensors,
): ModelInferResponse {
  const tensors = outputs.map((output) => ({ output, tensor: results.get(output) as RawTensor }));
  const isTyped = request.rawInputContents.length === 0 && request.inputs.length > 0;
  const typed = tensors.map(({ tensor }) => writeTyped(tensor, datatypeOf(tensor.dataType)));
  // A type that only raw bytes can hold makes all of them raw: the two are never mixed.
  const canBeTyped = isTyped && typed.every((contents) => contents !== undefined);
  return {
    modelName: name,
    modelVersion: version,
    id: request.id,
    parameters: {},
    outputs: tensors.map(({ output, tensor }, i) => ({
      name: output,
      datatype: datatypeOf(tensor.dataType).name,
      shape: tensor.shape.map(BigInt),
      parameters: {},
      contents: canBeTyped ? typed[i] : undefined,
    })),
    rawOutputContents: canBeTyped ? [] : tensors.map(({ tensor }) => Buffer.from(writeRaw(tensor))),
  };
}
