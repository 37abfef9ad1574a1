import { z } from 'zod';
import { ROLES } from './principal.js';

const file = z.string().min(1);
const roles = z.array(z.enum(ROLES)).min(1);

/** `tls` of the configuration. */
export const tlsSchema = z.strictObject({
  certFile: file.describe(
    'The certificate of this gateway and those that vouch for it, as PEM; read again when it changes.',
  ),
  keyFile: file.describe('Its private key, as PEM; read again when it changes.'),
  clientCaFile: file
    .optional()
    .describe('Certificates of those who vouch for clients, as PEM: then clients must have a certificate.'),
  reloadSeconds: z.number().min(0.1).default(60).describe('Time between two looks at the files.'),
});
export type TlsConfig = z.output<typeof tlsSchema>;

/** Signatures that only the issuer can make: none with a shared secret. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;

const subject = z.strictObject({
  subject: z.string().min(1).describe('Who: its `sub`; `*` stands for any part without `/`.'),
  roles: roles.describe('What it may do.'),
});

const jwt = z
  .strictObject({
    issuer: z.string().min(1).describe('Who must have issued a token: its `iss`.'),
    audience: z.string().min(1).describe('For whom it must be: its `aud`.'),
    jwksUrl: z.url().optional().describe('Where the keys of the issuer are.'),
    jwksFile: file.optional().describe('The same as a file; read again when it changes.'),
    algorithms: z
      .array(z.enum(ALGORITHMS))
      .min(1)
      .default(['RS256', 'ES256'])
      .describe('Signatures that are believed.'),
    rolesClaim: z
      .string()
      .min(1)
      .default('roles')
      .describe('Claim with the roles: a list, or words with spaces between, as `scope` has them.'),
    roleNames: z
      .partialRecord(z.enum(ROLES), z.array(z.string()))
      .default({})
      .describe('What the claim calls each of our roles, where it has other names.'),
    subjects: z
      .array(subject)
      .default([])
      .describe(
        'Roles of those whose tokens name none, e.g. service accounts of Kubernetes; the first that fits counts.',
      ),
    defaultRoles: z.array(z.enum(ROLES)).default([]).describe('Roles of every bearer of a valid token.'),
    clockToleranceSeconds: z.number().min(0).default(5).describe('How far clocks may differ.'),
  })
  .refine(
    ({ jwksUrl, jwksFile }) => (jwksUrl === undefined) !== (jwksFile === undefined),
    'expected jwksUrl or jwksFile, and not both',
  );
export type JwtConfig = z.output<typeof jwt>;

const certificate = z.strictObject({
  subject: z
    .string()
    .min(1)
    .describe(
      'A URI or DNS name among the alternative names of the certificate, or its common name; `*` stands for any part.',
    ),
  roles: roles.describe('What its owner may do.'),
});
export type CertificateRule = z.output<typeof certificate>;

/** `auth` of the configuration. */
export const authSchema = z.strictObject({
  jwt: jwt.optional().describe('Bearer tokens in `authorization`.'),
  certificates: z
    .array(certificate)
    .default([])
    .describe('Owners of client certificates, the first that fits counts; needs `tls.clientCaFile`.'),
  allowPlaintext: z
    .boolean()
    .default(false)
    .describe(
      'Whether tokens may cross the network in clear text, because something in front of the gateway encrypts.',
    ),
});
export type AuthConfig = z.output<typeof authSchema>;

const quota = z.strictObject({
  imageStepsPerMinute: z.number().positive().optional().describe('Gradients of one example each, per minute.'),
  burstImageSteps: z
    .number()
    .positive()
    .optional()
    .describe('How many may come at once. Default: those of one minute.'),
  concurrentRuns: z.int().min(1).optional().describe('Runs that run or wait at a time.'),
});
export type Quota = z.output<typeof quota>;

/** `quotas` of the configuration. */
export const quotasSchema = z.strictObject({
  default: quota.default({}).describe('Of every principal that is not named below.'),
  principals: z.record(z.string(), quota).default({}).describe('Of each principal, by name.'),
});
export type QuotasConfig = z.output<typeof quotasSchema>;
