import { readFile, stat } from 'node:fs/promises';
import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { EngineError } from '../../engine/index.js';
import type { JwtConfig } from './config.js';
import { fitsPattern } from './fits-pattern.js';
import { type Principal, ROLES, type Role } from './principal.js';

const BEARER = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i;

/** Tells who a bearer token speaks for. */
export type VerifyToken = (authorization: string) => Promise<Principal>;

/**
 * A check of bearer tokens.
 *
 * The returned function throws EngineError `UNAUTHENTICATED` where a token is not believed; the text never holds the token.
 */
export function tokenVerifier(config: JwtConfig): VerifyToken {
  const keys = keysOf(config);
  return async (authorization) => {
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw refused('expected `authorization: Bearer <token>`, got something else');
    const { payload } = await jwtVerify(token, keys, {
      issuer: config.issuer,
      audience: config.audience,
      algorithms: [...config.algorithms],
      clockTolerance: config.clockToleranceSeconds,
      requiredClaims: ['exp', 'sub'],
    }).catch((error) => {
      throw isUnreachable(error)
        ? new EngineError(
            'HOST_UNAVAILABLE',
            'expected the keys of the issuer, got none for now',
            { retryAfterMs: 2000 },
            { cause: error },
          )
        : refused(
            `expected a valid token, got: ${error instanceof errors.JOSEError ? error.message : 'one that cannot be read'}`,
            error,
          );
    });
    return { name: payload.sub as string, roles: rolesOf(payload, config) };
  };
}

const refused = (text: string, cause?: unknown): EngineError => new EngineError('UNAUTHENTICATED', text, {}, { cause });

/** Keys that cannot be had are no fault of the token. */
const isUnreachable = (error: unknown): boolean =>
  error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError) || error.constructor === errors.JOSEError;

function rolesOf(payload: JWTPayload, { rolesClaim, roleNames, defaultRoles, subjects }: JwtConfig): ReadonlySet<Role> {
  const claim = payload[rolesClaim];
  const words: readonly unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  const granted = ROLES.filter((role) => (roleNames[role] ?? [role]).some((name) => words.includes(name)));
  const known = subjects.find(({ subject }) => fitsPattern(payload.sub ?? '', subject));
  return new Set([...defaultRoles, ...granted, ...(known?.roles ?? [])]);
}

function keysOf({ jwksUrl, jwksFile }: JwtConfig): JWTVerifyGetKey {
  if (jwksUrl !== undefined) return createRemoteJWKSet(new URL(jwksUrl));
  const path = jwksFile as string;
  let read: { readonly mtimeMs: number; readonly keys: JWTVerifyGetKey } | undefined;
  return async (header, token) => {
    const { mtimeMs } = await stat(path);
    if (read?.mtimeMs !== mtimeMs)
      read = { mtimeMs, keys: createLocalJWKSet(JSON.parse(await readFile(path, 'utf8'))) };
    return await read.keys(header, token);
  };
}
