import { stringify } from 'yaml';
import { EngineError } from '../../engine/index.js';
import type { NetworkSpec } from './lab-network.js';

/** A task that networks of a dataset have. */
export interface TaskDefinition {
  /** Channels of the output. */
  readonly channels: number;
  /** What `model.yaml` says of it, but for the name. */
  readonly config: { readonly kind: string } & Readonly<Record<string, unknown>>;
}

export type TaskDefinitions = Readonly<Record<string, TaskDefinition>>;

/**
 * The tasks of a network, in its order.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when there is none, one twice, or one that is not in the list.
 */
export function chosenTasks(
  definitions: TaskDefinitions,
  { architecture, tasks }: Pick<NetworkSpec, 'architecture' | 'tasks'>,
): readonly (readonly [name: string, definition: TaskDefinition])[] {
  const expect = (what: string, got: string): EngineError =>
    new EngineError('INVALID_CONFIG', `expected ${what} in tasks of ${architecture}, got ${got}`);
  if (tasks.length === 0) throw expect('at least 1 task', 'none');
  return tasks.map((name, i) => {
    const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
    if (definition === undefined) throw expect(`one of ${Object.keys(definitions).join(', ')}`, name);
    if (tasks.indexOf(name) !== i) throw expect('each task once', `${name} again`);
    return [name, definition];
  });
}

/** Text of a `model.yaml`. */
export const configText = (
  description: string,
  normalisation: { readonly mean: readonly number[]; readonly std: readonly number[] },
  tasks: readonly (readonly [name: string, definition: TaskDefinition])[],
): string =>
  stringify(
    {
      description,
      input: { kind: 'image', layout: 'NCHW', colorOrder: 'RGB', ...normalisation },
      tasks: tasks.map(([name, { config }]) => ({ name, ...config })),
    },
    { aliasDuplicateObjects: false },
  );
