import type { PeerCertificate } from 'node:tls';
import type { Metadata } from '@grpc/grpc-js';
import { EngineError } from '../../engine/index.js';
import { principalOfCertificate } from './certificates.js';
import type { AuthConfig } from './config.js';
import { tokenVerifier } from './jwt.js';
import { roleFor } from './method-roles.js';
import { ANYONE, mayAct, type Principal } from './principal.js';

/** What is known of a call before its request is read. */
export interface IncomingCall {
  readonly metadata: Pick<Metadata, 'get'>;
  /** `/package.Service/Method`. */
  getPath(): string;
  getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate };
}

/** Tells who calls, and refuses who may not. */
export type Authorize = (call: IncomingCall) => Promise<Principal>;

/** Where nobody needs to prove anything. */
export const openToAll: Authorize = async () => ANYONE;

/**
 * The check that comes before everything else.
 *
 * The returned function throws EngineError `UNAUTHENTICATED` where nobody is known, `PERMISSION_DENIED` where the caller lacks the role
 * of the method.
 */
export function authorizer(config: AuthConfig | undefined): Authorize {
  if (config === undefined) return openToAll;
  const verify = config.jwt && tokenVerifier(config.jwt);
  const identify = async (call: IncomingCall): Promise<Principal> => {
    const [authorization] = call.metadata.get('authorization');
    if (typeof authorization === 'string' && verify !== undefined) return await verify(authorization);
    const certificate = call.getAuthContext().sslPeerCertificate;
    const owner = certificate && principalOfCertificate(certificate, config.certificates);
    if (owner !== undefined) return owner;
    const wanted = [
      ...(verify === undefined ? [] : ['a bearer token']),
      ...(config.certificates.length === 0 ? [] : ['a client certificate of somebody known']),
    ];
    throw new EngineError('UNAUTHENTICATED', `expected ${wanted.join(' or ')}, got none`);
  };
  return async (call) => {
    const role = roleFor(call.getPath());
    if (role === 'anyone') return { name: '', roles: new Set() };
    const principal = await identify(call);
    if (role === undefined || !mayAct(principal, role)) {
      throw new EngineError(
        'PERMISSION_DENIED',
        `expected the role ${role ?? 'of a method that is served'}, got ${[...principal.roles].join(', ') || 'none'}`,
        {
          metadata: { role: role ?? '' },
        },
      );
    }
    return principal;
  };
}
