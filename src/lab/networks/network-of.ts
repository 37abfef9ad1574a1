import { EngineError, type ModelDef } from '../../engine/index.js';
import { CITYSCAPES_NORMALISATION, CITYSCAPES_TASKS } from './cityscapes-tasks.js';
import { DRN_D_22, DRN_D_22_SMALL, DRN_D_105, DRN_FROZEN, type DrnPlan, drnD } from './drn-d.js';
import type { LabNetwork, NetworkSpec } from './lab-network.js';
import type { Statistics } from './network-builder.js';
import { RESNET18, RESNET18_SMALL, type ResnetPlan, resnetTaskonomy } from './resnet18-taskonomy.js';
import { streetNetwork } from './street.js';
import { chosenTasks, configText, type TaskDefinition, type TaskDefinitions } from './task-definition.js';
import { TASKONOMY_NORMALISATION, TASKONOMY_TASKS } from './taskonomy-tasks.js';

interface Architecture {
  /** A line for people. */
  readonly summary: string;
  readonly tasks: TaskDefinitions;
  readonly normalisation: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly decoders: readonly NetworkSpec['decoders'][];
  readonly frozen: readonly string[];
  readonly build: (
    spec: NetworkSpec,
    tasks: readonly (readonly [name: string, definition: TaskDefinition])[],
    statistics: Statistics,
  ) => ModelDef;
}

const cityscapes = { tasks: CITYSCAPES_TASKS, normalisation: CITYSCAPES_NORMALISATION } as const;

const drn = (summary: string, plan: DrnPlan): Architecture => ({
  summary,
  ...cityscapes,
  decoders: ['shared', 'separate'],
  frozen: DRN_FROZEN,
  build: (...rest) => drnD(plan, ...rest),
});

const resnet = (summary: string, plan: ResnetPlan): Architecture => ({
  summary,
  tasks: TASKONOMY_TASKS,
  normalisation: TASKONOMY_NORMALISATION,
  decoders: ['separate'],
  frozen: [],
  build: (...rest) => resnetTaskonomy(plan, ...rest),
});

const ARCHITECTURES = {
  'drn-d-22': drn('DRN-D-22 on Cityscapes: basic blocks, 15.9 M weights.', DRN_D_22),
  'drn-d-105': drn('DRN-D-105 on Cityscapes: bottlenecks, 54.3 M weights.', DRN_D_105),
  'resnet18-taskonomy': resnet('ResNet-18 on Taskonomy: 11.2 M weights and 1.5 M for each task.', RESNET18),
  'drn-d-22-small': drn('The plan of DRN-D-22 for street scenes of 64×128: 0.24 M weights.', DRN_D_22_SMALL),
  'resnet18-taskonomy-small': resnet(
    'The plan of ResNet-18 for indoor scenes of 64×64: 0.2 M weights with all tasks.',
    RESNET18_SMALL,
  ),
  street: {
    summary: 'The network of the demo, for street scenes of 64×128: 0.24 M weights.',
    ...cityscapes,
    decoders: ['separate'],
    frozen: [],
    build: streetNetwork,
  },
} as const satisfies Readonly<Record<string, Architecture>>;

type ArchitectureName = keyof typeof ARCHITECTURES;

/** A network that can be asked for. */
export interface ArchitectureInfo {
  readonly name: ArchitectureName;
  readonly summary: string;
  readonly tasks: readonly string[];
  readonly decoders: readonly NetworkSpec['decoders'][];
}

/** All networks, with what each may be asked for. */
export const listArchitectures = (): readonly ArchitectureInfo[] =>
  (Object.keys(ARCHITECTURES) as ArchitectureName[]).map((name) => {
    const { summary, tasks, decoders } = ARCHITECTURES[name];
    return { name, summary, tasks: Object.keys(tasks), decoders };
  });

/**
 * The network of a description, with weights drawn from its seed.
 *
 * @param statistics of batch norms: what training starts from; or, for tests and benchmarks, what is expected of a trained network
 * @throws EngineError `INVALID_CONFIG`. Thrown when there is no such network, or not with these tasks or decoders.
 */
export function networkOf(spec: NetworkSpec, statistics: Statistics = 'initial'): LabNetwork {
  const { architecture, decoders, seed } = spec;
  if (!Object.hasOwn(ARCHITECTURES, architecture)) {
    const names = Object.keys(ARCHITECTURES).join(', ');
    throw new EngineError('INVALID_CONFIG', `expected architecture to be one of ${names}, got ${architecture}`);
  }
  const known: Architecture = ARCHITECTURES[architecture as ArchitectureName];
  const tasks = chosenTasks(known.tasks, spec);
  if (!known.decoders.includes(decoders)) {
    throw new EngineError(
      'INVALID_CONFIG',
      `expected decoders of ${architecture} to be ${known.decoders.join(' or ')}, got ${decoders}`,
    );
  }
  return {
    model: known.build(spec, tasks, statistics),
    configText: configText(`${architecture}, seed ${seed}: ${known.summary}`, known.normalisation, tasks),
    frozen: known.frozen,
  };
}
