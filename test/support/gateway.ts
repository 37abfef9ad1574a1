import { readFileSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type Client, connect } from '../../src/clients/index.js';
import type { Example } from '../../src/contract/robustgate/v1/example.js';
import type { Hosts } from '../../src/host/index.js';
import {
  type Gateway,
  type GatewayConfig,
  type Logger,
  parseGatewayConfig,
  startGateway,
} from '../../src/server/index.js';
import { inProcessHosts } from './in-process-hosts.js';
import { root, scenePath } from './street.js';

/** A line that a gateway logged. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface TestGateway {
  readonly gateway: Gateway;
  readonly client: Client;
  readonly logged: readonly LogLine[];
}

/** A gateway on free ports that ends with the test, with a client. Models run in this process, or in children of it. */
export async function gatewayOf(
  t: Pick<ExecutionContext, 'teardown'>,
  modelRepository: string,
  options: { readonly children?: boolean; readonly hosts?: () => Hosts; readonly config?: object } = {},
): Promise<TestGateway> {
  const config: GatewayConfig = parseGatewayConfig({
    modelRepository,
    grpcAddress: '127.0.0.1:0',
    adminAddress: '127.0.0.1:0',
    ...options.config,
  });
  const logged: LogLine[] = [];
  const write = (level: string) => (fields: object, message: string) => {
    logged.push({ level, message, fields: fields as Record<string, unknown> });
  };
  const log: Logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const gateway = await startGateway(config, {
    log,
    ...(!options.children && { hosts: options.hosts ?? inProcessHosts }),
  });
  const client = connect(gateway.grpcAddress);
  t.teardown(async () => {
    client.close();
    await gateway.close();
  });
  return { gateway, client, logged };
}

export const demoModels = join(root, 'demo/models');

/** Puts a version of a model into a repository, whole: it is written beside it first. */
export async function addVersion(
  repository: string,
  name: string,
  version: string,
  files: { readonly config: string; readonly model: Uint8Array },
): Promise<void> {
  const folder = join(repository, name, version);
  await mkdir(dirname(folder), { recursive: true });
  await writeFile(join(repository, name, 'model.yaml'), files.config);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.onnx'), files.model);
}

export const copyDemoModels = (repository: string): Promise<void> => cp(demoModels, repository, { recursive: true });

/** A scene with its labels, as a client sends it. */
export function sceneExample(index: number): Example {
  const png = (kind: 'gtFine' | 'disparity') => ({
    value: { $case: 'png' as const, value: { data: readFileSync(scenePath(kind, index)) } },
  });
  return {
    key: `scene ${index}`,
    input: { $case: 'encodedImage', value: readFileSync(scenePath('leftImg8bit', index)) },
    labels: { segmentation: png('gtFine'), depth: png('disparity') },
    extraInputs: {},
  };
}
