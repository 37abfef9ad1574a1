import { appendedOutputs } from '../../onnx/encode-model.js';
import type { ModelSource } from '../model-source.js';
import { createSession, type Session, type SessionOptions } from './session.js';

/**
 * A session of the original bytes, untouched but for `tensors` inside the graph that become outputs too.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when ONNX Runtime refuses the file, or there is no such tensor.
 */
export async function openOriginal(
  source: ModelSource,
  tensors: readonly string[],
  outputs: readonly string[],
  runtime: Omit<SessionOptions, 'optimization' | 'prepacking'>,
  optimization: SessionOptions['optimization'] = 'all',
): Promise<Session> {
  const inner = [...new Set(tensors)].filter((name) => !outputs.includes(name));
  // Protobuf joins the two messages: the outputs of the second come behind those of the first.
  const suffix = appendedOutputs(inner.map((name) => ({ name, dataType: undefined, shape: undefined })));
  const file = inner.length === 0 ? source.file : Buffer.concat([source.file, suffix]);
  return await createSession(
    { file, externalTensors: source.externalFiles },
    { ...runtime, optimization, prepacking: optimization === 'all' },
  );
}

/** A session that is made again when it is needed. */
export interface RestingSession extends Session {
  /** Gives its memory back until the next run. */
  rest(): Promise<void>;
}

/** @param open makes the same session as `first` */
export function restingSession(first: Session, open: () => Promise<Session>): RestingSession {
  let current: Promise<Session> | undefined = Promise.resolve(first);
  async function rest(): Promise<void> {
    const session = current;
    current = undefined;
    await (await session)?.release();
  }
  return {
    inputs: first.inputs,
    outputs: first.outputs,
    async run(feeds, fetches) {
      current ??= open();
      return await (await current).run(feeds, fetches);
    },
    rest,
    release: rest,
  };
}
