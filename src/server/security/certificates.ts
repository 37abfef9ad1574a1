import type { PeerCertificate } from 'node:tls';
import type { CertificateRule } from './config.js';
import { fitsPattern } from './fits-pattern.js';
import type { Principal } from './principal.js';

/**
 * Whom a client certificate speaks for, if anybody that is known; the chain was checked by TLS. Its URI names come first, as
 * SPIFFE has them, then its DNS names, then its common name.
 */
export function principalOfCertificate(
  certificate: Pick<PeerCertificate, 'subject' | 'subjectaltname'>,
  rules: readonly CertificateRule[],
): Principal | undefined {
  const names = namesOf(certificate);
  for (const { subject, roles } of rules) {
    const name = names.find((candidate) => fitsPattern(candidate, subject));
    if (name !== undefined) return { name, roles: new Set(roles) };
  }
  return undefined;
}

function namesOf({
  subject,
  subjectaltname = '',
}: Pick<PeerCertificate, 'subject' | 'subjectaltname'>): readonly string[] {
  // Node quotes names with odd characters as JSON; such names are not ours, and are left as they are.
  const alternatives = subjectaltname.split(', ');
  const of = (kind: string): string[] =>
    alternatives.filter((name) => name.startsWith(`${kind}:`)).map((name) => name.slice(kind.length + 1));
  const common: unknown = subject?.CN;
  return [...of('URI'), ...of('DNS'), ...(typeof common === 'string' ? [common] : [])];
}
