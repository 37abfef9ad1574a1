import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { RemoteConfig } from '../../../src/engine/index.js';
import { openRemoteModel } from '../../../src/host/remote/open-remote-model.js';
import { authority } from '../../support/authority.js';
import { linearModel } from '../../support/feature-models.js';
import { addVersion, gatewayOf } from '../../support/gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { succeeds, testWith } from '../../support/test-with.js';

const missing = succeeds('openssl', 'version') ? undefined : 'install openssl';

/** A gateway that takes TLS and tokens alone, with a model y = (x₀ + x₁, x₀ − x₁). */
async function secured(t: ExecutionContext) {
  const { path } = await authority(t);
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  await writeFile(path('jwks.json'), JSON.stringify({ keys: [await exportJWK(publicKey)] }));
  const repository = await temporaryFolder(t);
  const weights = [
    [1, 1],
    [1, -1],
  ];
  await addVersion(repository, 'sums', '2', {
    config: 'input: { kind: features, range: [0, 1] }\ntasks:\n  - { name: y, kind: classification }\n',
    model: linearModel([{ name: 'y', weights, bias: [0, 0] }]),
  });
  const { gateway } = await gatewayOf(t, repository, {
    config: {
      tls: { certFile: path('gateway.crt'), keyFile: path('gateway.key') },
      auth: { jwt: { issuer: 'i', audience: 'a', jwksFile: path('jwks.json'), algorithms: ['ES256'] } },
      limits: { examples: 7 },
    },
  });
  const token = () =>
    new SignJWT({ roles: ['predict'] })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('i')
      .setAudience('a')
      .setSubject('gateway')
      .setExpirationTime('1m')
      .sign(privateKey);
  const tokenFile = join(repository, 'token');
  await writeFile(tokenFile, `${await token()}\n`);
  const config: RemoteConfig = {
    endpoint: gateway.grpcAddress,
    model: 'sums',
    tls: { ca: path('ca.crt') },
    tokenFile,
    timeoutSeconds: 10,
    maxConcurrent: 4,
  };
  const open = async (change: Partial<RemoteConfig> = {}) => {
    const remote = await openRemoteModel({ ...config, ...change });
    t.teardown(() => remote.close());
    return remote;
  };
  return { config, open, tokenFile, token };
}

const feeds = new Map([
  ['x', { dataType: 'float32' as const, shape: [1, 2], data: new Uint8Array(Float32Array.of(3, 1).buffer) }],
]);

testWith(
  missing,
  'over TLS, with a token that is read for every call, a model describes itself and answers',
  async (t) => {
    const { open, tokenFile, token } = await secured(t);
    const remote = await open();
    t.deepEqual(await remote.describe(), {
      name: 'sums',
      versions: ['2'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'x', dataType: 'float32', shape: [-1, 2] }],
      outputs: [{ name: 'y', dataType: 'float32', shape: [-1, 2] }],
      maxBatch: 7,
    });
    const answer = (await remote.infer(feeds, ['y'])).get('y');
    t.deepEqual([...new Float32Array(Uint8Array.from(answer?.data as Uint8Array).buffer)], [4, 2]);
    await writeFile(tokenFile, 'expired');
    const message = /UNAUTHENTICATED.*give it a valid tokenFile/;
    await t.throwsAsync(remote.infer(feeds, ['y']), { code: 'MODEL_NOT_READY', message });
    await writeFile(tokenFile, await token());
    t.is((await remote.infer(feeds, ['y'])).size, 1);
  },
);

testWith(missing, 'what is wrong with a remote is told by its own words', async (t) => {
  const { open, config } = await secured(t);
  const other = await open({ model: 'other' });
  await t.throwsAsync(other.describe(), { code: 'MODEL_NOT_READY', message: /other.*NOT_FOUND.*load the model there/ });
  const remote = await open();
  await t.throwsAsync(remote.infer(new Map(), ['y']), { code: 'INVALID_REQUEST', message: /expected a tensor for x/ });
  await t.throwsAsync(remote.infer(feeds, ['z']), { code: 'INVALID_REQUEST', message: /expected one of y, got z/ });
  const distrusted = await openRemoteModel({ ...config, tls: {} });
  t.teardown(() => distrusted.close());
  await t.throwsAsync(distrusted.infer(feeds, ['y']), { code: 'HOST_UNAVAILABLE', message: /certificate/ });
  await t.throwsAsync(open({ tls: { ca: '/nowhere/ca.crt' } }), {
    code: 'INVALID_MODEL',
    message: /\/nowhere\/ca.crt/,
  });
  const unnamed = await open({ tokenFile: '/nowhere/token' });
  await t.throwsAsync(unnamed.infer(feeds, ['y']), { code: 'INVALID_MODEL', message: /\/nowhere\/token/ });
});
