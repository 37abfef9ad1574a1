import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { EngineError, Violations } from '../errors.js';
import { parseStrict } from './parse-strict.js';
import { ENGINES, type EngineName, PROVIDERS, TFJS_BACKENDS } from './providers.js';
import { TASK_KINDS, type TaskKindName } from './task-kinds.js';

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected a name of letters, digits, `.`, `_` and `-`')
  .max(100);
const perChannel = z.union([z.number(), z.array(z.number()).min(1)]);

const imageInput = z.strictObject({
  kind: z.literal('image').describe('Pixels: levels of 0–255.'),
  name: z.string().optional().describe('Name of the graph input. Default: the only one.'),
  layout: z.enum(['NCHW', 'NHWC']).default('NCHW').describe('Order of the axes of the graph input.'),
  colorOrder: z.enum(['RGB', 'BGR', 'GREY']).default('RGB').describe('Order of the channels.'),
  size: z
    .union([z.tuple([z.int().min(1), z.int().min(1)]), z.literal('dynamic')])
    .optional()
    .describe('Height and width in pixels, or `dynamic`. Default: what the graph says.'),
  mean: perChannel.optional().describe('Mean μ of x/255, for input (x/255 − μ)/σ. Default: 0.'),
  std: perChannel.optional().describe('Standard deviation σ of x/255. Default: 1.'),
  scale: perChannel.optional().describe('Instead of mean and std: input = scale · x + offset, x a level of 0–255.'),
  offset: perChannel.optional().describe('See scale. Default: 0.'),
});

const featuresInput = z.strictObject({
  kind: z.literal('features').describe('Numbers in units of their own, of any rank from 2 on.'),
  name: z.string().optional().describe('Name of the graph input. Default: the only one.'),
  range: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low < high, 'expected range [low, high] with low < high')
    .describe('Smallest and largest value; one level is (high − low)/255.'),
});

const otherInput = z.union([
  z.strictObject({
    name: z.string().describe('Name of the graph input.'),
    value: z
      .union([z.number(), z.array(z.number())])
      .describe('The constant that the graph gets: one number for all elements, or all of them.'),
  }),
  z.strictObject({
    name: z.string().describe('Name of the graph input.'),
    perRequest: z.literal(true).describe('Each example of a request brings its own.'),
  }),
]);

const kindNames = Object.keys(TASK_KINDS) as [TaskKindName, ...TaskKindName[]];

const task = z.strictObject({
  name: name.describe('Name by which requests and metrics know the task.'),
  kind: z.enum(kindNames).describe('What the output means.'),
  output: z
    .string()
    .optional()
    .describe('Tensor of the graph: an output, or one inside. Default: the name of the task.'),
  classAxis: z.int().optional().describe('Axis of the classes, counting the batch axis. Default: 1.'),
  activation: z.enum(['none', 'softmax', 'sigmoid']).default('none').describe('What the graph has already applied.'),
  loss: z.string().optional().describe('Loss that attacks increase. Default: that of the kind.'),
  metric: z.string().optional().describe('Metric that results are told in. Default: that of the kind.'),
  classes: z.array(z.string()).optional().describe('Names of the classes.'),
  classWeights: z
    .array(z.number().min(0))
    .optional()
    .describe('Weight of each class in the cross-entropy. Default: 1.'),
  palette: z
    .union([z.literal('cityscapes'), z.array(z.tuple([z.int(), z.int(), z.int()]))])
    .optional()
    .describe('Colours of the classes.'),
  ignoreIndex: z.int().optional().describe('Class that means "do not count this position".'),
  target: z
    .union([
      z.literal('normalised-input'),
      z.strictObject({
        scale: perChannel.optional().describe('Factor of the samples of a label file. Default: 1.'),
        offset: perChannel.optional().describe('Added to the scaled samples. Default: 0.'),
      }),
    ])
    .optional()
    .describe('What the output approaches: the normalised clean input, or the scaled samples of a label file.'),
  invalid: z.number().optional().describe('Sample of a label file that means "unknown".'),
  format: z.string().optional().describe('What the numbers of a box are, e.g. `ltrb`.'),
  unit: z.string().optional().describe('Unit of labels and errors.'),
  weight: z.number().positive().default(1).describe('Default λ of the task in objectives.'),
  broken: z
    .union([
      z.strictObject({ above: z.number().describe('Broken where the metric is larger.') }),
      z.strictObject({ below: z.number().describe('Broken where the metric is smaller.') }),
    ])
    .optional()
    .describe('Value of the metric beyond which an example counts as broken.'),
});

const absolutePath = z.string().regex(/^\//, 'expected an absolute path');

const remote = z.strictObject({
  endpoint: z
    .string()
    .regex(/^[^\s/]+:[0-9]{1,5}$/, 'expected HOST:PORT')
    .describe('`HOST:PORT` of a gRPC service of the Open Inference Protocol: KServe, Triton, another gateway.'),
  model: z.string().min(1).max(200).describe('Name of the model there.'),
  version: z.string().min(1).max(50).optional().describe('Version there. Default: the one that the remote prefers.'),
  tls: z
    .strictObject({
      ca: absolutePath.optional().describe('Certificates to trust, PEM. Default: those of Node.js.'),
      cert: absolutePath.optional().describe('Our certificate, PEM, with `key`.'),
      key: absolutePath.optional().describe('Its private key, PEM.'),
    })
    .optional()
    .describe('Speak TLS. Default: plain text.'),
  tokenFile: absolutePath.optional().describe('File with a bearer token, read again for every call; only with `tls`.'),
  timeoutSeconds: z.number().positive().max(600).default(30).describe('Longest that one request may take.'),
  maxConcurrent: z.int().min(1).max(64).default(4).describe('Most requests at a time from each host process.'),
  maxBatch: z
    .int()
    .min(1)
    .optional()
    .describe('Most examples of a request. Default: what the remote says, if it does.'),
  surrogate: z
    .strictObject({
      model: z.string().min(1).max(100).describe('Name of a model of this gateway with the same input and tasks.'),
      version: z
        .string()
        .regex(/^[1-9][0-9]{0,8}$/, 'expected the number of a version')
        .optional()
        .describe('Its version. Default: the one that serves.'),
    })
    .optional()
    .describe('Whose gradients attacks take (transfer attacks). Default: none, and attacks need queries alone.'),
});

export const modelConfigSchema = z.strictObject({
  description: z.string().default('').describe('Free text for people.'),
  labels: z
    .record(name, z.string().max(100))
    .default({})
    .describe('Marks by which probes find their models, e.g. `{ team: driving }`.'),
  engine: z
    .enum(ENGINES)
    .default('onnx')
    .describe(
      'What runs the model: ONNX Runtime `model.onnx`, TensorFlow.js `model.json`, or another server (see docs/REMOTE.md).',
    ),
  remote: remote.optional().describe('With `engine: remote`: where the model is served.'),
  providers: z
    .array(z.enum(PROVIDERS))
    .min(1)
    .default(['cpu'])
    .describe(
      'For `onnx`: execution providers, the preferred one first: the first that works computes. Default: `[cpu]`.',
    ),
  backends: z
    .array(z.enum(TFJS_BACKENDS))
    .min(1)
    .optional()
    .describe(
      'For `tfjs`: backends, the preferred one first: the first that works computes. Default: those that are installed, in the ' +
        'order `tensorflow`, `webgpu`, `wasm`, `cpu`.',
    ),
  input: z.discriminatedUnion('kind', [imageInput, featuresInput]).describe('The input that is attacked.'),
  otherInputs: z.array(otherInput).default([]).describe('Inputs of the graph that are not attacked.'),
  tasks: z.array(task).min(1).describe('The outputs, by meaning.'),
});

/** What `model.yaml` says, with every default filled in that does not depend on the graph. */
export type ModelConfig = z.output<typeof modelConfigSchema>;
export type InputConfig = ModelConfig['input'];
export type TaskConfig = ModelConfig['tasks'][number];

/**
 * Reads the text of a `model.yaml`.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when something in it is wrong, with a violation for each.
 */
export function parseModelConfig(text: string): ModelConfig {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (cause) {
    throw new EngineError('INVALID_MODEL', `expected YAML in model.yaml, got: ${cause}`, {}, { cause });
  }
  const config = parseStrict(modelConfigSchema, value, 'INVALID_MODEL', 'model.yaml');
  const violations = new Violations();
  const [foreign, own] = config.engine === 'onnx' ? ['backends', 'providers'] : ['providers', 'backends'];
  violations.expect(!isGiven(value, foreign), foreign, `expected ${own} with engine: ${config.engine}, got ${foreign}`);
  const seen = new Set<string>();
  for (const [i, { name: taskName }] of config.tasks.entries()) {
    violations.expect(!seen.has(taskName), `tasks[${i}].name`, `expected a name of its own, got ${taskName} again`);
    seen.add(taskName);
  }
  if (config.input.kind === 'image') {
    const { mean, std, scale, offset } = config.input;
    const isTwice = (mean ?? std) !== undefined && (scale ?? offset) !== undefined;
    violations.expect(!isTwice, 'input', 'expected mean and std, or scale and offset, got both');
  }
  checkRemote(config, violations);
  violations.throwIfAny('INVALID_MODEL');
  return config;
}

const isGiven = (document: unknown, key: string): boolean =>
  typeof document === 'object' && document !== null && key in document;

/**
 * The engine that the text of a `model.yaml` names: that decides which files a version has. What else is wrong with the text is
 * told when it is parsed.
 */
export function engineOf(text: string): EngineName {
  try {
    const value: unknown = parseYaml(text);
    const named = isGiven(value, 'engine') ? (value as { engine: unknown }).engine : undefined;
    return ENGINES.find((engine) => engine === named) ?? 'onnx';
  } catch {
    // Not YAML.
  }
  return 'onnx';
}

function checkRemote({ engine, remote: place }: ModelConfig, violations: Violations): void {
  if (engine === 'remote')
    violations.expect(place !== undefined, 'remote', 'expected where the model is served, got none');
  else violations.expect(place === undefined, 'remote', `expected none, for the engine is ${engine}, got one`);
  if (place === undefined) return;
  const { tls, tokenFile } = place;
  violations.expect(
    (tls?.cert === undefined) === (tls?.key === undefined),
    'remote.tls',
    'expected cert and key, got one',
  );
  violations.expect(
    tokenFile === undefined || tls !== undefined,
    'remote.tokenFile',
    'expected tls, without which anybody could read the token, got none',
  );
}
