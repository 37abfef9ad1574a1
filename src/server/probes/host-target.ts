import {
  type AttackJob,
  type AttackTarget,
  type DatasetExample,
  EngineError,
  type JobInput,
  jobInputOf,
  type ModelInfo,
  resolveAttackSpec,
  type TargetCall,
  type TargetEvent,
  type UnpackImage,
} from '../../engine/index.js';
import type { CallOptions, Lane } from '../../host/index.js';
import type { ImagePool } from '../images/image-pool.js';
import type { HeldModel } from '../repository/repository.js';
import { surrogateOf } from '../repository/surrogate-of.js';

/** What a host runs attacks with. */
export interface HostTargetOptions {
  readonly lane: Lane;
  /** The version that is attacked; whoever calls holds it until the end. */
  readonly info: ModelInfo;
  /** The model whose gradients attacks on it take, held as long. */
  readonly surrogate: HeldModel['surrogate'];
  readonly runId: string;
  readonly pool: ImagePool;
  /** W3C trace context to continue, if any. */
  readonly traceParent: string | undefined;
}

/** As many as the largest program takes at once: fewer would be padded, more would only wait in memory. */
const MAX_EXAMPLES = 16;

/** A model in the attack lane, which gives way to the attacks of callers there. */
export function hostTarget(options: HostTargetOptions): AttackTarget {
  const { lane, info, pool } = options;
  return {
    model: info,
    maxExamples: MAX_EXAMPLES,
    async *attack(request, examples, { signal, pictures }): AsyncGenerator<TargetEvent, void, void> {
      const inputs = await probeInputs(examples, info, pool);
      // An example without a label of a task that others have takes no part in it.
      const labelled = new Set([...request.tasks.map(({ task }) => task), ...labelledTasks(inputs)]);
      const spec = resolveAttackSpec({ ...request, fullBatches: true }, info, labelled);
      const job: AttackJob = {
        spec,
        surrogate: surrogateOf(spec, options),
        inputs,
        labelFree: request.labelFree,
        progressEverySteps: 1,
        fields: pictures && info.input.kind === 'image' ? ['adversarial-8bit'] : [],
      };
      for await (const event of lane.attack(info, job, probeCall(options, signal))) {
        if (event.type === 'progress') yield event;
        else if (event.type === 'summary') {
          const { provenance } = event.summary;
          requireSameBytes(info, provenance.modelSha256);
          yield { type: 'summary', provenance };
        } else {
          const { payloads, ...result } = event.result;
          const tensor = payloads.find(({ field }) => field === 'adversarial-8bit')?.tensor;
          const adversarialPng =
            tensor && (await pool.encodeOutput(tensor.data as Uint8Array, tensor.shape, info.input));
          yield { type: 'result', result: { ...result, adversarialPng } };
        }
      }
    },
    async predict(examples, { signal }: TargetCall) {
      const inputs = await probeInputs(examples, info, pool);
      const job = { inputs, tasks: info.tasks.map(({ name }) => name), fields: ['raw'] } as const;
      const predictions = await lane.predict(info, job, probeCall(options, signal));
      return predictions.map(
        ({ tasks }) => new Map(tasks.flatMap(({ task, raw }) => (raw === undefined ? [] : [[task, raw] as const]))),
      );
    },
  };
}

/** A call into a host that gives way to those of others. */
export const probeCall = (
  { runId, traceParent }: Pick<HostTargetOptions, 'runId' | 'traceParent'>,
  signal: AbortSignal,
): CallOptions => ({
  runId,
  principal: '',
  deadlineMs: undefined,
  traceParent,
  priority: 'probe',
  signal,
});

/** Examples as the model takes them; files are unpacked on other threads. */
export async function probeInputs(
  examples: readonly DatasetExample[],
  info: ModelInfo,
  pool: ImagePool,
): Promise<readonly JobInput[]> {
  const unpack: UnpackImage = async (file, form) => {
    const outcome = await pool.decodeInput(file, { ...info.input, ...form });
    if ('value' in outcome) return outcome.value;
    throw new EngineError('INVALID_IMAGE', outcome.problem);
  };
  return await Promise.all(examples.map((example) => jobInputOf(example, info, unpack)));
}

/** Names of the tasks for which some input has a label. */
export const labelledTasks = (inputs: readonly JobInput[]): ReadonlySet<string> =>
  new Set(inputs.flatMap(({ labels }) => [...labels.keys()]));

function requireSameBytes({ name, version, sha256 }: ModelInfo, got: string): void {
  if (got === sha256) return;
  const text = `expected ${name}@${version} to stay ${sha256} while it is evaluated, got ${got}`;
  throw new EngineError('MODEL_CHANGED', text, { metadata: { model: name, version } });
}
