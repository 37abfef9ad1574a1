import { readFile } from 'node:fs/promises';
import { type ChannelCredentials, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  GRPCInferenceServiceClient,
  type ModelInferResponse,
  type ModelMetadataResponse,
} from '../../contract/inference/open_inference.js';
import { EngineError, type RemoteConfig, type RemoteDescription, type RemoteModel } from '../../engine/index.js';
import { readAnswer, signatureOf, writeRequest } from './messages.js';
import { remoteError } from './remote-error.js';

/** Most bytes of an answer. */
const MAX_ANSWER_BYTES = 2 ** 28;

/** Longest that a remote may take to describe its model: until then no other model is loaded. */
const DESCRIBE_SECONDS = 5;

/** A request that never reached the remote is sent again, and it hurts no remote to compute one twice. */
const SERVICE_CONFIG = JSON.stringify({
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 3,
        initialBackoff: '0.1s',
        maxBackoff: '1s',
        backoffMultiplier: 3,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
});

/** A method of the client that answers once. */
type Unary<Answer> = (
  metadata: Metadata,
  options: { readonly deadline: number },
  done: (error: ServiceError | null, answer: Answer) => void,
) => unknown;

/**
 * A model on a gRPC endpoint of the Open Inference Protocol. Tensors travel as raw bytes.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when a certificate or key cannot be read.
 */
export async function openRemoteModel(config: RemoteConfig): Promise<RemoteModel> {
  const { endpoint, model, version = '', timeoutSeconds } = config;
  const client = new GRPCInferenceServiceClient(endpoint, await credentialsOf(config), {
    'grpc.service_config': SERVICE_CONFIG,
    'grpc.max_receive_message_length': MAX_ANSWER_BYTES,
    'grpc.max_send_message_length': -1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 5000,
  });

  async function call<Answer>(seconds: number, method: Unary<Answer>): Promise<Answer> {
    const metadata = await metadataOf(config);
    return await new Promise((resolve, reject) => {
      method(metadata, { deadline: Date.now() + 1000 * seconds }, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(remoteError(error, config, seconds));
      });
    });
  }

  return {
    async describe(): Promise<RemoteDescription> {
      const seconds = Math.min(timeoutSeconds, DESCRIBE_SECONDS);
      const metadata = await call<ModelMetadataResponse>(seconds, (...rest) =>
        client.modelMetadata({ name: model, version }, ...rest),
      );
      // KServe's protocol has no such call: then nobody says how long a batch may be.
      const most = await call<number | undefined>(seconds, (sent, options, done) =>
        client.modelConfig({ name: model, version }, sent, options, (error, answer) =>
          done(null, error === null ? answer.config?.maxBatchSize : undefined),
        ),
      );
      return {
        name: metadata.name,
        versions: metadata.versions,
        platform: metadata.platform,
        inputs: metadata.inputs.map(signatureOf),
        outputs: metadata.outputs.map(signatureOf),
        maxBatch: most || undefined,
      };
    },
    async infer(feeds, fetches) {
      const request = writeRequest(model, version, feeds, fetches);
      const answer = await call<ModelInferResponse>(timeoutSeconds, (...rest) => client.modelInfer(request, ...rest));
      return readAnswer(answer);
    },
    close: () => client.close(),
  };
}

async function credentialsOf({ tls }: RemoteConfig): Promise<ChannelCredentials> {
  if (tls === undefined) return credentials.createInsecure();
  const [ca = null, key = null, cert = null] = await Promise.all([tls.ca, tls.key, tls.cert].map(fileOf));
  return credentials.createSsl(ca, key, cert);
}

async function metadataOf({ tokenFile }: RemoteConfig): Promise<Metadata> {
  const metadata = new Metadata();
  if (tokenFile !== undefined) metadata.set('authorization', `Bearer ${String(await fileOf(tokenFile)).trim()}`);
  return metadata;
}

async function fileOf(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  return await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const text = `expected a file at ${path}, which the remote in model.yaml names, got ${cause.code}`;
    throw new EngineError('INVALID_MODEL', text, {}, { cause });
  });
}
