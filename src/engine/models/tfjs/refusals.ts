import { EngineError, type ErrorCode } from '../../errors.js';

/**
 * What TF.js threw, as an error of ours: of `code`, or `UNSUPPORTED_OP` where it says which operation or layer it does not know.
 *
 * @param expected what was expected, e.g. `a model that TF.js loads`
 */
export function refusalOf(code: ErrorCode, expected: string, cause: unknown): EngineError {
  if (cause instanceof EngineError) return cause;
  const text = (cause instanceof Error ? cause.message : String(cause)).replaceAll(/\s+/g, ' ').trim();
  const refuse = (message: string, metadata: Record<string, string>): EngineError =>
    new EngineError('UNSUPPORTED_OP', message, { metadata }, { cause });
  const layer = /Unknown layer: (\w+)/.exec(text)?.[1];
  if (layer !== undefined) {
    return refuse(
      `expected layers that TF.js knows, got ${layer}: a custom layer's code is not in the file. Export the model as a graph ` +
        '(tensorflowjs_converter --output_format=tfjs_graph_model), which holds its operations',
      { layer },
    );
  }
  const [, operation, kernel] = /Unknown op '?(\w+)|[Kk]ernel '(\w+)' not registered/.exec(text) ?? [];
  const opType = operation ?? kernel;
  if (opType !== undefined) return refuse(`expected operations that TF.js runs, got ${opType}`, { opType });
  const hint = HINTS.find(([pattern]) => pattern.test(text))?.[1] ?? '';
  return new EngineError(code, `expected ${expected}, got: ${text}${hint}`, {}, { cause });
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /batch_shape|build_config|keras_history|InputLayer should be passed/,
    ': Keras 3 writes what TF.js 4 does not read; save the model with Keras 2 (tf_keras), or export it as a graph',
  ],
  [/executeAsync|returned a promise/, ': graphs with control flow, or shapes that depend on values, are not served'],
];
