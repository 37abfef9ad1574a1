import { isDeepStrictEqual } from 'node:util';
import { ObjectSerializer } from '@kubernetes/client-node/dist/gen/models/ObjectSerializer.js';
import { z } from 'zod';
import type { KubernetesObject } from './kustomize.js';

const metadata = z.strictObject({
  name: z.string(),
  namespace: z.string(),
  labels: z.record(z.string(), z.string()),
});

const text = z.string().min(1);

/** Objects of the Prometheus operator, as far as we use them: https://prometheus-operator.dev/docs/api-reference/api/ */
const MONITORING = {
  ServiceMonitor: z.strictObject({
    apiVersion: z.literal('monitoring.coreos.com/v1'),
    kind: z.literal('ServiceMonitor'),
    metadata,
    spec: z.strictObject({
      selector: z.strictObject({
        matchLabels: z.record(z.string(), z.string()),
        matchExpressions: z.array(z.strictObject({ key: text, operator: text, values: z.array(text) })),
      }),
      endpoints: z.array(
        z.strictObject({
          port: text,
          path: text,
          interval: text,
          scrapeTimeout: text,
          honorLabels: z.boolean().optional(),
        }),
      ),
    }),
  }),
  PrometheusRule: z.strictObject({
    apiVersion: z.literal('monitoring.coreos.com/v1'),
    kind: z.literal('PrometheusRule'),
    metadata,
    spec: z.strictObject({
      groups: z.array(
        z.strictObject({
          name: text,
          interval: text.optional(),
          rules: z.array(
            z.strictObject({
              record: text.optional(),
              alert: text.optional(),
              expr: text,
              for: text.optional(),
              keep_firing_for: text.optional(),
              labels: z.record(z.string(), z.string()).optional(),
              annotations: z.record(z.string(), z.string()).optional(),
            }),
          ),
        }),
      ),
    }),
  }),
} as const;

/** What is wrong with an object by the types of Kubernetes' API, unknown fields included; nothing when all is right. */
export async function typeProblems(object: KubernetesObject): Promise<readonly string[]> {
  const { apiVersion, kind } = object;
  if (kind === 'ServiceMonitor' || kind === 'PrometheusRule') {
    const { error } = MONITORING[kind].safeParse(object);
    return error === undefined ? [] : [z.prettifyError(error)];
  }
  return [
    ...(await schemaProblems(object)),
    ...unknownFields(object, readAndWritten(object, `${versionOf(apiVersion)}${kind}`)),
  ];
}

/** `V2` of `autoscaling/v2`. */
const versionOf = (apiVersion: string): string => (apiVersion.split('/').at(-1) ?? '').replace('v', 'V');

async function schemaProblems(object: KubernetesObject): Promise<readonly string[]> {
  const { apiVersion, kind } = object;
  const models = (await import(`kubernetes-models/${apiVersion}`)) as Record<
    string,
    new (
      value: object,
    ) => { validate(): void }
  >;
  const Model = models[kind];
  if (Model === undefined) return [`expected a kind of ${apiVersion}, got ${kind}`];
  try {
    new Model(object).validate();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** What is left of an object after a client of the API took it in and gave it out again. */
const readAndWritten = (object: KubernetesObject, type: string): unknown =>
  ObjectSerializer.serialize(ObjectSerializer.deserialize(object, type, ''), type, '');

function unknownFields(given: unknown, kept: unknown, path = ''): readonly string[] {
  if (typeof given !== 'object' || given === null) {
    return isDeepStrictEqual(given, kept) ? [] : [`${path}: expected ${given}, got ${kept}`];
  }
  const inner = (kept ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(given).flatMap(([key, value]) => {
    const at = path === '' ? key : `${path}.${key}`;
    return inner[key] === undefined && value !== undefined
      ? [`unknown field ${at}`]
      : unknownFields(value, inner[key], at);
  });
}
