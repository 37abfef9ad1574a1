import { utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import type { EngineError } from '../../../src/engine/index.js';
import { authSchema } from '../../../src/server/security/config.js';
import { tokenVerifier } from '../../../src/server/security/jwt.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const ISSUER = 'https://issuer.example';

async function issuer(t: ExecutionContext, change: object = {}) {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const path = join(await temporaryFolder(t), 'jwks.json');
  const keySet = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] });
  await writeFile(path, keySet);
  const { jwt } = authSchema.parse({ jwt: { issuer: ISSUER, audience: 'robustgate', jwksFile: path, ...change } });
  if (jwt === undefined) throw new Error('expected a configuration');
  const sign = (claims: JWTPayload = {}, key = privateKey) =>
    new SignJWT({ iss: ISSUER, aud: 'robustgate', sub: 'team-a', exp: Math.floor(Date.now() / 1000) + 60, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .sign(key);
  return { verify: tokenVerifier(jwt), sign, path, keySet, jwt };
}

test('a token of the issuer says who calls and what it may', async (t) => {
  const { verify, sign } = await issuer(t);
  const principal = await verify(`Bearer ${await sign({ roles: ['attack', 'unknown'] })}`);
  t.is(principal.name, 'team-a');
  t.deepEqual([...principal.roles], ['attack']);
});

test('roles may be words of a scope, under names of their own, beside those that everybody has', async (t) => {
  const { verify, sign } = await issuer(t, {
    rolesClaim: 'scope',
    roleNames: { attack: ['rg.attack'] },
    defaultRoles: ['predict'],
  });
  const { roles } = await verify(`Bearer ${await sign({ scope: 'openid rg.attack attack' })}`);
  t.deepEqual([...roles].toSorted(), ['attack', 'predict']);
});

test('a subject whose token names no roles has those of the configuration', async (t) => {
  const { verify, sign } = await issuer(t, {
    subjects: [{ subject: 'system:serviceaccount:vision:*', roles: ['attack'] }],
  });
  const rolesOf = async (sub: string) => [...(await verify(`Bearer ${await sign({ sub })}`)).roles];
  t.deepEqual(await rolesOf('system:serviceaccount:vision:nightly'), ['attack']);
  t.deepEqual(await rolesOf('system:serviceaccount:other:nightly'), []);
});

const REFUSED: readonly [title: string, claims: JWTPayload][] = [
  ['of another issuer', { iss: 'https://other.example' }],
  ['for another audience', { aud: 'other' }],
  ['that has expired', { exp: Math.floor(Date.now() / 1000) - 60 }],
  ['that is not valid yet', { nbf: Math.floor(Date.now() / 1000) + 60 }],
  ['without a subject', { sub: undefined as never }],
  ['without an end', { exp: undefined as never }],
];

for (const [title, claims] of REFUSED) {
  test(`a token ${title} is not believed, and is not told`, async (t) => {
    const { verify, sign } = await issuer(t);
    const token = await sign(claims);
    const error = await t.throwsAsync<EngineError>(verify(`Bearer ${token}`));
    t.is(error?.code, 'UNAUTHENTICATED');
    t.false(error?.message.includes(token));
  });
}

test('a token that somebody else signed, or nobody, is not believed', async (t) => {
  const { verify, sign } = await issuer(t);
  const { privateKey } = await generateKeyPair('ES256');
  t.like(await t.throwsAsync(verify(`Bearer ${await sign({}, privateKey)}`)), { code: 'UNAUTHENTICATED' });
  const unsigned = new UnsecuredJWT({ sub: 'team-a' })
    .setIssuer(ISSUER)
    .setAudience('robustgate')
    .setExpirationTime('1m')
    .encode();
  t.like(await t.throwsAsync(verify(`Bearer ${unsigned}`)), { code: 'UNAUTHENTICATED' });
  for (const text of ['', 'Bearer', 'Basic YTpi', 'Bearer a b', 'Bearer a.b']) {
    t.like(await t.throwsAsync(verify(text)), { code: 'UNAUTHENTICATED' }, text);
  }
});

test('a signature that is not on the list is not believed', async (t) => {
  const { verify, sign } = await issuer(t, { algorithms: ['RS256'] });
  t.like(await t.throwsAsync(verify(`Bearer ${await sign()}`)), { code: 'UNAUTHENTICATED' });
});

test('a file of keys is read again when it changes', async (t) => {
  const { verify, sign, path, keySet } = await issuer(t);
  await verify(`Bearer ${await sign()}`);
  await writeFile(path, JSON.stringify({ keys: [] }));
  await utimes(path, 1, 1);
  t.like(await t.throwsAsync(verify(`Bearer ${await sign()}`)), { code: 'UNAUTHENTICATED' });
  await writeFile(path, keySet);
  await utimes(path, 2, 2);
  await t.notThrowsAsync(verify(`Bearer ${await sign()}`));
});

test('keys come from a URL; where nobody answers, the caller is told to try again', async (t) => {
  const { sign, keySet, jwt } = await issuer(t);
  const server = createServer((_, response) => response.end(keySet)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const { jwksFile: _, ...rest } = jwt;
  const overHttp = () => tokenVerifier({ ...rest, jwksUrl: `http://127.0.0.1:${port}/jwks` });
  t.is((await overHttp()(`Bearer ${await sign()}`)).name, 'team-a');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const error = await t.throwsAsync<EngineError>(overHttp()(`Bearer ${await sign()}`));
  t.is(error?.code, 'HOST_UNAVAILABLE');
  t.true((error?.details.retryAfterMs ?? 0) > 0);
});
