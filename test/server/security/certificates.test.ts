import test from 'ava';
import { principalOfCertificate } from '../../../src/server/security/certificates.js';

const RULES = [
  { subject: 'spiffe://fleet/ns/*/sa/prober', roles: ['probe' as const] },
  { subject: '*.fleet.example', roles: ['predict' as const] },
  { subject: 'boss', roles: ['admin' as const] },
];

const CASES: readonly [title: string, certificate: { CN?: string; names?: string }, name: string | undefined][] = [
  ['a URI name fits a pattern', { names: 'URI:spiffe://fleet/ns/blue/sa/prober' }, 'spiffe://fleet/ns/blue/sa/prober'],
  ['a star does not reach over a slash', { names: 'URI:spiffe://fleet/ns/blue/sa/x/sa/prober' }, undefined],
  ['a DNS name fits', { names: 'DNS:camera.fleet.example, DNS:other' }, 'camera.fleet.example'],
  ['a dot of a pattern is a dot', { names: 'DNS:camera-fleet.example' }, undefined],
  ['a common name fits', { CN: 'boss' }, 'boss'],
  ['a part of a name does not fit', { CN: 'bossy' }, undefined],
  ['a name of another kind does not count', { names: 'IP Address:boss' }, undefined],
  ['nobody', {}, undefined],
];

for (const [title, { CN, names }, name] of CASES) {
  test(title, (t) => {
    const certificate = { subject: { CN } as never, ...(names !== undefined && { subjectaltname: names }) };
    t.is(principalOfCertificate(certificate, RULES)?.name, name);
  });
}
