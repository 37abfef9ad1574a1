import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import type { ExecutionContext } from 'ava';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type ConnectOptions, connect, type RobustgateError, sslCredentials } from '../../src/clients/index.js';
import { authority } from '../support/authority.js';
import { gatewayOf } from '../support/gateway.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { succeeds, testWith } from '../support/test-with.js';
import { addToy, toyExample } from '../support/toy-gateway.js';
import { toyHosts } from '../support/toy-hosts.js';

const missing = succeeds('openssl', 'version') ? undefined : 'install openssl';

async function secured(t: ExecutionContext, config: object) {
  const models = await temporaryFolder(t);
  await addToy(models, 'toy', '1');
  const { gateway, logged } = await gatewayOf(t, models, { hosts: () => toyHosts(), config });
  const connectAs = (options: ConnectOptions = {}) => {
    const client = connect(gateway.grpcAddress, options);
    t.teardown(() => client.close());
    return client;
  };
  return { gateway, logged, connectAs };
}

const attack = { modelName: 'toy', examples: [toyExample(3)], attack: { name: 'pgd', steps: 3 } };

async function drained(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

testWith(missing, 'with TLS and tokens, each caller may do what its roles say, and no more', async (t) => {
  const { path } = await authority(t);
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  await writeFile(path('jwks.json'), JSON.stringify({ keys: [await exportJWK(publicKey)] }));
  const { connectAs, logged } = await secured(t, {
    tls: { certFile: path('gateway.crt'), keyFile: path('gateway.key') },
    auth: { jwt: { issuer: 'i', audience: 'a', jwksFile: path('jwks.json'), algorithms: ['ES256'] } },
    quotas: { principals: { attacker: { imageStepsPerMinute: 3 } } },
  });
  const tokenFor = (sub: string, ...roles: string[]) =>
    new SignJWT({ roles })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('i')
      .setAudience('a')
      .setSubject(sub)
      .setExpirationTime('1m')
      .sign(privateKey);
  const credentials = sslCredentials(await readFile(path('ca.crt')), null, null);
  const as = async (sub: string, ...roles: string[]) =>
    connectAs({ credentials, metadata: { authorization: `Bearer ${await tokenFor(sub, ...roles)}` } });

  t.like(await t.throwsAsync(connectAs({ credentials }).listModels()), { code: 'UNAUTHENTICATED' });
  const viewer = await as('viewer', 'predict');
  t.is((await viewer.listModels()).models.length, 1);
  t.like(await t.throwsAsync(drained(viewer.attack(attack))), { code: 'PERMISSION_DENIED' });
  const attacker = await as('attacker', 'attack');
  await drained(attacker.attack(attack));
  const refused = await t.throwsAsync<RobustgateError>(drained(attacker.attack(attack)));
  t.like(refused, { code: 'QUOTA_EXCEEDED', statusName: 'RESOURCE_EXHAUSTED' });

  const audits = logged.filter(({ fields }) => fields['audit'] === true);
  t.is(audits.length, 1);
  t.like(audits[0]?.fields, { principal: 'attacker', model: 'toy', examples: 1, imageSteps: 3 });
  t.regex(String(audits[0]?.fields['digest']), /^[0-9a-f]{64}$/);
});

testWith(missing, 'clients may prove who they are by certificates', async (t) => {
  const { path, issue } = await authority(t);
  await issue('camera', 'URI:spiffe://fleet/camera');
  await issue('stranger', 'URI:spiffe://other/camera');
  const { connectAs } = await secured(t, {
    tls: { certFile: path('gateway.crt'), keyFile: path('gateway.key'), clientCaFile: path('ca.crt') },
    auth: { certificates: [{ subject: 'spiffe://fleet/*', roles: ['predict'] }] },
  });
  const as = async (name: string) =>
    connectAs({
      credentials: sslCredentials(
        await readFile(path('ca.crt')),
        await readFile(path(`${name}.key`)),
        await readFile(path(`${name}.crt`)),
      ),
    });
  t.is((await (await as('camera')).listModels()).models.length, 1);
  t.like(await t.throwsAsync((await as('stranger')).listModels()), { code: 'UNAUTHENTICATED' });
  const nobody = connectAs({ credentials: sslCredentials(await readFile(path('ca.crt')), null, null) });
  t.like(await t.throwsAsync(nobody.listModels({}, { timeoutMs: 5000 })), { statusName: 'UNAVAILABLE' });
});

testWith(missing, 'a renewed certificate is shown to those who come after, without a restart', async (t) => {
  const { path, issue } = await authority(t);
  const { gateway } = await secured(t, {
    tls: { certFile: path('gateway.crt'), keyFile: path('gateway.key'), reloadSeconds: 0.1 },
  });
  const serial = () =>
    new Promise<string>((resolve, reject) => {
      const [host, port] = gateway.grpcAddress.split(':');
      const socket = tlsConnect({ host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2'] }, () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      });
      socket.once('error', reject);
    });
  const before = await serial();
  await issue('next', 'DNS:localhost');
  await copyFile(path('next.key'), path('gateway.key'));
  await copyFile(path('next.crt'), path('gateway.crt'));
  let after = before;
  for (let tries = 0; after === before && tries < 100; tries++) {
    await pause(100);
    after = await serial().catch(() => before);
  }
  t.not(after, before);
});

testWith(missing, 'files that hold no certificate are told at the start', async (t) => {
  const { path } = await authority(t);
  const tls = { certFile: path('gateway.crt'), keyFile: path('ca.key') };
  t.like(await t.throwsAsync(secured(t, { tls })), { code: 'INVALID_CONFIG' });
  t.like(await t.throwsAsync(secured(t, { tls: { ...tls, keyFile: path('none') } })), { code: 'INVALID_CONFIG' });
});
