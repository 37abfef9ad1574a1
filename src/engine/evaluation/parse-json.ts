import type { z } from 'zod';
import { EngineError } from '../errors.js';

/**
 * JSON as a schema describes it.
 *
 * @param place where the text is, for messages
 * @param whole what it is called where all of it is wrong, and not a key of it
 * @throws EngineError `INVALID_OPTION`. Thrown when it is no JSON, or not as the schema says, with the first key that is wrong.
 */
export function parseJson<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  place: string,
  whole: string,
): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EngineError('INVALID_OPTION', `${place}: expected JSON, got ${text.slice(0, 40)}`, {}, { cause });
  }
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  throw new EngineError('INVALID_OPTION', `${place}: ${issue?.path.join('.') || whole}: ${issue?.message}`);
}
