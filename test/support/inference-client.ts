import { credentials, Metadata } from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import {
  GRPCInferenceServiceClient,
  type ModelInferRequest_InferInputTensor as InputTensor,
  type ModelInferRequest,
} from '../../src/contract/inference/open_inference.js';

/** A client of the Open Inference Protocol that ends with the test. */
export function inferenceClient(t: Pick<ExecutionContext, 'teardown'>, address: string): GRPCInferenceServiceClient {
  const client = new GRPCInferenceServiceClient(address, credentials.createInsecure());
  t.teardown(() => client.close());
  return client;
}

/** Names of the unary methods. */
type Method = Exclude<keyof GRPCInferenceServiceClient & string, 'modelStreamInfer' | 'close' | `${string}$${string}`>;

/** What a unary method answers. */
export function call<Response>(
  client: GRPCInferenceServiceClient,
  method: Method,
  request: object,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const sent = new Metadata();
  for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
  const unary = client[method].bind(client) as unknown as (
    request: object,
    metadata: Metadata,
    done: (error: Error | null, response: Response) => void,
  ) => void;
  return new Promise((resolve, reject) => {
    unary(request, sent, (error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

export const inferRequest = (
  modelName: string,
  inputs: readonly Partial<InputTensor>[],
  change: Partial<ModelInferRequest> = {},
): ModelInferRequest => ({
  modelName,
  modelVersion: '',
  id: '',
  parameters: {},
  inputs: inputs.map((input) => ({
    name: '',
    datatype: 'FP32',
    shape: [],
    parameters: {},
    contents: undefined,
    ...input,
  })),
  outputs: [],
  rawInputContents: [],
  ...change,
});
