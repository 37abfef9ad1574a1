// A host process for tests: its models do what their `model.yaml`, here JSON, says.
import { Socket } from 'node:net';
import type { AttackEvent, ModelInfo, Prediction, RunContext, ServedModel } from '../../src/engine/index.js';
import { runHost } from '../../src/host/child/run-host.js';

/** What a scripted model does. */
export interface Script {
  /** What loading it does. */
  readonly load?: 'die';
  /** What its steps do: block the process for a time, or end it in one of the ways that native code has. */
  readonly step?: 'abort' | 'hang' | 'exit';
  readonly stepMs?: number;
  /** Bytes of each result. */
  readonly resultBytes?: number;
  /** Why it does not run on the providers that it prefers. */
  readonly fallbacks?: readonly string[];
  /** Results, each after as many steps as the job's spec says. */
  readonly results?: number;
}

/** Blocks the whole process, as a native call does. */
const block = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
};

function act({ step, stepMs = 1 }: Script): void {
  if (step === 'abort') process.abort();
  if (step === 'exit') process.kill(process.pid, 'SIGKILL');
  block(step === 'hang' ? 1e9 : stepMs);
}

let stepsMade = 0;

async function* attack(script: Script, steps: number, context: RunContext): AsyncGenerator<AttackEvent, void, void> {
  for (let n = 0; n < (script.results ?? 1); n++) {
    for (let step = 1; step <= steps && !context.drain.aborted; step++) {
      await context.gate.run('step', 1, context.signal, async () => {
        act(script);
        stepsMade++;
      });
      yield {
        type: 'progress',
        progress: { step, sharing: context.gate.sharing, drain: context.drain.aborted } as never,
      };
    }
    yield { type: 'result', result: { key: `${n}`, data: new Uint8Array(script.resultBytes ?? 0) } as never };
  }
  yield { type: 'summary', summary: { deadlineMs: context.deadlineMs, drain: context.drain.aborted } as never };
}

runHost(new Socket({ fd: 3 }), process.argv[2] ?? '{}', async ({ name, version, configText }): Promise<ServedModel> => {
  const script = JSON.parse(configText) as Script;
  if (script.load === 'die') process.abort();
  return {
    info: { name, version, provider: 'cpu', providerFallbacks: script.fallbacks ?? [] } as unknown as ModelInfo,
    gradients: undefined as never,
    // Tells how many steps were made in this process, and echoes what it was sent.
    predict: (job, context) =>
      context.gate.run(
        'predict',
        1,
        context.signal,
        async () => [{ key: `${stepsMade}`, tasks: job.inputs as never }] as Prediction[],
      ),
    infer: () => {
      throw new Error('not scripted');
    },
    attack: (job, context) => attack(script, job.spec.parameters.steps, context),
    gradientNorm: () => {
      throw new Error('not scripted');
    },
    requireMemory: async () => undefined,
    keptBytes: () => 0,
    dispose: async () => undefined,
  };
});
