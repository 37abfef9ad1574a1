import { credentials } from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import type { Example } from '../../src/contract/robustgate/v1/example.js';
import { RobustnessServiceClient } from '../../src/contract/robustgate/v1/robustness_service.js';
import { addVersion, gatewayOf, type TestGateway } from './gateway.js';
import { temporaryFolder } from './temporary-folder.js';
import { type HostScript, toyHosts } from './toy-hosts.js';

export interface ToyGateway extends TestGateway {
  /** The generated client, for what our own does not let through. */
  readonly stub: RobustnessServiceClient;
  /** The model repository. */
  readonly models: string;
}

/** Adds a version of a toy model: its files say nothing, for toy hosts do not read them. */
export const addToy = (models: string, name: string, version: string, model = new Uint8Array()): Promise<void> =>
  addVersion(models, name, version, { config: '', model });

/** A gateway that serves toy models, of version 1, on toy hosts. */
export async function toyGateway(
  t: Pick<ExecutionContext, 'teardown'>,
  script: HostScript = {},
  options: { readonly models?: readonly string[]; readonly config?: object } = {},
): Promise<ToyGateway> {
  const models = await temporaryFolder(t);
  for (const name of options.models ?? ['toy']) await addToy(models, name, '1');
  const config = { modelControl: 'explicit', ...options.config };
  const running = await gatewayOf(t, models, { hosts: () => toyHosts(script), config });
  const stub = new RobustnessServiceClient(running.gateway.grpcAddress, credentials.createInsecure());
  t.teardown(() => stub.close());
  return { ...running, stub, models };
}

/** One gateway for all tests of a file. */
export function sharedToyGateway(
  hooks: { readonly before: (start: () => Promise<void>) => void; readonly after: (end: () => Promise<void>) => void },
  script: HostScript = {},
  options: Parameters<typeof toyGateway>[2] = {},
): () => ToyGateway {
  const teardowns: (() => unknown)[] = [];
  let running: ToyGateway | undefined;
  hooks.before(async () => {
    running = await toyGateway({ teardown: (end) => void teardowns.push(end) }, script, options);
  });
  hooks.after(async () => {
    for (const end of teardowns.toReversed()) await end();
  });
  return () => running as ToyGateway;
}

/** An image of a toy model, every pixel at a level, labelled with scene 1. */
export const toyExample = (level: number, key?: string): Example => ({
  ...(key !== undefined && { key }),
  input: {
    $case: 'tensor',
    value: { datatype: 'UINT8', shape: [3n, 2n, 2n], data: new Uint8Array(12).fill(level) },
  },
  labels: { scene: { value: { $case: 'classId', value: 1n } } },
  extraInputs: {},
});
