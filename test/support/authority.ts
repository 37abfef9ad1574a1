import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { temporaryFolder } from './temporary-folder.js';

/** An authority, and certificates that it vouches for. */
export async function authority(t: ExecutionContext) {
  const folder = await temporaryFolder(t);
  const path = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args, { cwd: folder });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=ca');
  const issue = async (name: string, subjectAltName: string): Promise<void> => {
    await openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    await writeFile(path(`${name}.ext`), `subjectAltName=${subjectAltName}`);
    const sign = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '1', '-extfile', `${name}.ext`];
    await openssl('x509', '-req', '-in', `${name}.csr`, ...sign, '-out', `${name}.crt`);
  };
  await issue('gateway', 'DNS:localhost,IP:127.0.0.1');
  return { path, issue };
}
