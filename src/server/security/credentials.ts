import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { experimental, ServerCredentials } from '@grpc/grpc-js';
import { EngineError } from '../../engine/index.js';
import type { TlsConfig } from './config.js';

/**
 * How the gRPC port speaks. Files are looked at again and again, so that certificates can be renewed without a restart; a pair
 * that does not fit together is not taken.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when a file cannot be read now, or holds nothing that can be used.
 */
export async function serverCredentials(tls: TlsConfig | undefined): Promise<ServerCredentials> {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { certFile, keyFile, clientCaFile, reloadSeconds } = tls;
  const [cert, key] = [await readOrRefuse('tls.certFile', certFile), await readOrRefuse('tls.keyFile', keyFile)];
  const ca = clientCaFile === undefined ? undefined : await readOrRefuse('tls.clientCaFile', clientCaFile);
  try {
    createSecureContext({ cert, key, ...(ca && { ca }) });
  } catch (cause) {
    throw new EngineError('INVALID_CONFIG', `expected a certificate and its key in tls, got: ${cause}`, {}, { cause });
  }
  const provider = new experimental.FileWatcherCertificateProvider({
    certificateFile: certFile,
    privateKeyFile: keyFile,
    caCertificateFile: clientCaFile,
    refreshIntervalMs: reloadSeconds * 1000,
  });
  return experimental.createCertificateProviderServerCredentials(
    provider,
    clientCaFile === undefined ? null : provider,
    clientCaFile !== undefined,
  );
}

async function readOrRefuse(key: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new EngineError('INVALID_CONFIG', `expected a file that can be read in ${key}, got: ${cause}`, {}, { cause });
  }
}
